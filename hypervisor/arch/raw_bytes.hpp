#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/contract.hpp"

/// Bytes of physical memory, as fast as the processor moves them: a freestanding compiler turns no loop into a string
/// instruction, and joins no four loads into one.
namespace ovm::arch
{

inline void fill(std::span<std::uint8_t> bytes, std::uint8_t value)
{
    std::memset(bytes.data(), value, bytes.size());
}

/// The four bytes at `at`, in this machine's order.
inline std::uint32_t load32(std::span<const std::uint8_t> bytes, std::size_t at)
{
    OVM_REQUIRES_THAT(at + 4 <= bytes.size());
    std::uint32_t value = 0;
    __builtin_memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

inline void store32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value)
{
    OVM_REQUIRES_THAT(at + 4 <= bytes.size());
    __builtin_memcpy(bytes.data() + at, &value, sizeof value);
}

/// The first `size` bytes as a little-endian number: 1, 2, 4 or 8 in one access.
inline std::uint64_t load_number(std::span<const std::uint8_t> bytes, unsigned size)
{
    OVM_REQUIRES_THAT(size <= bytes.size() && size <= 8);
    std::uint64_t value = 0;
    switch (size)
    {
    case 1:
        __builtin_memcpy(&value, bytes.data(), 1);
        break;
    case 2:
        __builtin_memcpy(&value, bytes.data(), 2);
        break;
    case 4:
        __builtin_memcpy(&value, bytes.data(), 4);
        break;
    case 8:
        __builtin_memcpy(&value, bytes.data(), 8);
        break;
    default:
        for (unsigned i = size; i-- > 0;)
            value = (value << 8) | bytes[i];
    }
    return value;
}

inline void store_number(std::span<std::uint8_t> bytes, unsigned size, std::uint64_t value)
{
    OVM_REQUIRES_THAT(size <= bytes.size() && size <= 8);
    switch (size)
    {
    case 1:
        __builtin_memcpy(bytes.data(), &value, 1);
        break;
    case 2:
        __builtin_memcpy(bytes.data(), &value, 2);
        break;
    case 4:
        __builtin_memcpy(bytes.data(), &value, 4);
        break;
    case 8:
        __builtin_memcpy(bytes.data(), &value, 8);
        break;
    default:
        for (unsigned i = 0; i < size; ++i)
            bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
}

/// Eight bytes that other cores write or read at the same time, in one access; `at` is a multiple of 8.
inline std::uint64_t load64_shared(std::span<const std::uint8_t> bytes, std::size_t at)
{
    OVM_REQUIRES_THAT(at + 8 <= bytes.size());
    return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(bytes.data() + at), __ATOMIC_RELAXED);
}

inline void store64_shared(std::span<std::uint8_t> bytes, std::size_t at, std::uint64_t value)
{
    OVM_REQUIRES_THAT(at + 8 <= bytes.size());
    __atomic_store_n(reinterpret_cast<std::uint64_t*>(bytes.data() + at), value, __ATOMIC_RELEASE);
}

} // namespace ovm::arch
