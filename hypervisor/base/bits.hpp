#pragma once

#include <cstdint>

namespace ovm
{

/// One bit.
constexpr std::uint64_t bit(unsigned position)
{
    return std::uint64_t{1} << position;
}

/// A mask of `width` bits from `low` upwards; 0 < width <= 64.
constexpr std::uint64_t mask(unsigned low, unsigned width)
{
    return (width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1) << low;
}

/// The field of `width` bits at `low`.
constexpr std::uint64_t field(std::uint64_t value, unsigned low, unsigned width)
{
    return (value & mask(low, width)) >> low;
}

/// `value` with the field replaced.
constexpr std::uint64_t with_field(std::uint64_t value, unsigned low, unsigned width, std::uint64_t content)
{
    return (value & ~mask(low, width)) | ((content << low) & mask(low, width));
}

constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t to)
{
    return value & ~(to - 1);
}

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t to)
{
    return (value + to - 1) & ~(to - 1);
}

constexpr bool is_power_of_two(std::uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/// The sum, or the largest number where it does not fit: for counts that only grow.
constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b)
{
    return a > ~std::uint64_t{0} - b ? ~std::uint64_t{0} : a + b;
}

/// Little-endian value of the `size` (1, 2, 4, 8) low bytes of `value`.
constexpr std::uint64_t low_bytes(std::uint64_t value, unsigned size)
{
    return size >= 8 ? value : value & mask(0, size * 8);
}

} // namespace ovm
