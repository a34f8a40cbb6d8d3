#pragma once

#include <cstdint>

#include "base/strong.hpp"

/// IN and OUT.
namespace ovm::arch
{

inline std::uint8_t in8(Port port)
{
    std::uint8_t value;
    asm volatile("inb %w1, %0" : "=a"(value) : "Nd"(port.value()));
    return value;
}

inline std::uint16_t in16(Port port)
{
    std::uint16_t value;
    asm volatile("inw %w1, %0" : "=a"(value) : "Nd"(port.value()));
    return value;
}

inline std::uint32_t in32(Port port)
{
    std::uint32_t value;
    asm volatile("inl %w1, %0" : "=a"(value) : "Nd"(port.value()));
    return value;
}

inline void out8(Port port, std::uint8_t value)
{
    asm volatile("outb %0, %w1" : : "a"(value), "Nd"(port.value()));
}

inline void out16(Port port, std::uint16_t value)
{
    asm volatile("outw %0, %w1" : : "a"(value), "Nd"(port.value()));
}

inline void out32(Port port, std::uint32_t value)
{
    asm volatile("outl %0, %w1" : : "a"(value), "Nd"(port.value()));
}

} // namespace ovm::arch
