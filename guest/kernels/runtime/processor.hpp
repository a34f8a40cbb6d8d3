#pragma once

#include <cstdint>

/// The instructions that the test guests need, one function each (AMD64 APM volume 3).
namespace guest
{
inline void out8(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

inline void out16(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

inline void out32(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

inline uint16_t in16(uint16_t port)
{
    uint16_t value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

struct Cpuid_result
{
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

inline Cpuid_result cpuid(uint32_t leaf, uint32_t subleaf = 0)
{
    Cpuid_result result;
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(subleaf));
    return result;
}

inline uint64_t read_msr(uint32_t number)
{
    uint32_t low;
    uint32_t high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number) : "memory");
    return (uint64_t{high} << 32) | low;
}

inline void write_msr(uint32_t number, uint64_t value)
{
    asm volatile("wrmsr"
                 :
                 : "c"(number), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

inline uint64_t read_time_stamp()
{
    uint32_t low;
    uint32_t high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t{high} << 32) | low;
}

inline uint64_t read_cr0()
{
    uint64_t value;
    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

inline void write_cr0(uint64_t value)
{
    asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

inline void write_cr2(uint64_t value)
{
    asm volatile("mov %0, %%cr2" : : "r"(value));
}

inline uint64_t read_cr2()
{
    uint64_t value;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

inline void write_cr3(uint64_t value)
{
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

inline uint64_t read_cr3()
{
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

inline uint64_t read_cr4()
{
    uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

inline void write_cr4(uint64_t value)
{
    asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

inline void disable_interrupts()
{
    asm volatile("cli" : : : "memory");
}

inline void enable_interrupts()
{
    asm volatile("sti" : : : "memory");
}

/// Waits for the next interrupt, with no gap between enabling and halting.
inline void wait_for_interrupt()
{
    asm volatile("sti; hlt; cli" : : : "memory");
}

inline void pause()
{
    asm volatile("pause" : : : "memory");
}

/// A device register in memory. Plain MOV, so that a hypervisor has one form to decode.
inline uint32_t read_device32(uint64_t address)
{
    uint32_t value;
    asm volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}

inline void write_device32(uint64_t address, uint32_t value)
{
    asm volatile("movl %0, (%1)" : : "r"(value), "r"(address) : "memory");
}
} // namespace guest
