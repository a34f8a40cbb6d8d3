#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define OVM_SANITIZED 1
#endif
#endif

/// Memory that nobody may touch, in builds with OVM_POISON: filled with a pattern, and refused by the address
/// sanitizer where there is one.
namespace ovm::arch
{

#if defined(OVM_POISON)
inline constexpr bool poisons = true;
#else
inline constexpr bool poisons = false;
#endif

inline constexpr std::uint8_t poison_byte = 0xdb;

/// From now on it may be touched; its content is what it was.
inline void unpoison([[maybe_unused]] std::span<std::uint8_t> bytes)
{
#if defined(OVM_SANITIZED)
    __asan_unpoison_memory_region(bytes.data(), bytes.size());
#endif
}

inline void poison(std::span<std::uint8_t> bytes)
{
    unpoison(bytes);
    std::memset(bytes.data(), poison_byte, bytes.size());
#if defined(OVM_SANITIZED)
    __asan_poison_memory_region(bytes.data(), bytes.size());
#endif
}

/// Nobody has written to it since poison().
inline bool is_poison(std::span<const std::uint8_t> bytes)
{
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == poison_byte; });
}

} // namespace ovm::arch
