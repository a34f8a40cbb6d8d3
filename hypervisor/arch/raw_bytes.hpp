#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "base/contract.hpp"

/// Bytes of physical memory, as fast as the processor moves them: a freestanding compiler turns no loop into a string
/// instruction, and joins no four loads into one.
namespace ovm::arch
{

inline void fill(std::span<std::uint8_t> bytes, std::uint8_t value)
{
    std::memset(bytes.data(), value, bytes.size());
}

/// The same memory as structures of numbers, in this machine's order. Requires that it begins and ends with one.
template <typename T>
std::span<T> as_array_of(std::span<std::uint8_t> bytes)
{
    static_assert(std::is_trivially_copyable_v<T>);
    OVM_REQUIRES_THAT(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) == 0 &&
                      bytes.size() % sizeof(T) == 0);
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
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
