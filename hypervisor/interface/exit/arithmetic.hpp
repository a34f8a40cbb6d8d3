#pragma once

#include <bit>
#include <cstdint>

#include "arch/x86_64/instruction/decoded.hpp"
#include "base/bits.hpp"

/// Results and flags of the two-operand instructions (APM volume 1, 3.1.4 "Flags Register").
namespace ovm::interface
{

struct Computed
{
    std::uint64_t value = 0;
    std::uint64_t flags = 0; ///< the arithmetic flags only
};

inline constexpr std::uint64_t carry_flag = bit(0);
inline constexpr std::uint64_t parity_flag = bit(2);
inline constexpr std::uint64_t auxiliary_flag = bit(4);
inline constexpr std::uint64_t zero_flag = bit(6);
inline constexpr std::uint64_t sign_flag = bit(7);
inline constexpr std::uint64_t overflow_flag = bit(11);
inline constexpr std::uint64_t direction_flag = bit(10);
inline constexpr std::uint64_t arithmetic_flags =
    carry_flag | parity_flag | auxiliary_flag | zero_flag | sign_flag | overflow_flag;

constexpr Computed with_result_flags(std::uint64_t value, unsigned size, std::uint64_t flags)
{
    value = low_bytes(value, size);
    if (value == 0)
        flags |= zero_flag;
    if ((value >> (size * 8 - 1)) & 1)
        flags |= sign_flag;
    if (std::popcount(value & 0xff) % 2 == 0)
        flags |= parity_flag;
    return {value, flags};
}

constexpr Computed add(std::uint64_t a, std::uint64_t b, std::uint64_t carry, unsigned size)
{
    a = low_bytes(a, size);
    b = low_bytes(b, size);
    auto const sum = low_bytes(a + b + carry, size);
    auto const sign = size * 8 - 1;
    std::uint64_t flags = 0;
    if (sum < a || (carry != 0 && sum == a))
        flags |= carry_flag;
    if (((a ^ b ^ sum) >> 4) & 1)
        flags |= auxiliary_flag;
    if ((((a ^ sum) & (b ^ sum)) >> sign) & 1)
        flags |= overflow_flag;
    return with_result_flags(sum, size, flags);
}

constexpr Computed subtract(std::uint64_t a, std::uint64_t b, std::uint64_t borrow, unsigned size)
{
    a = low_bytes(a, size);
    b = low_bytes(b, size);
    auto const difference = low_bytes(a - b - borrow, size);
    auto const sign = size * 8 - 1;
    std::uint64_t flags = 0;
    if (a < b || (borrow != 0 && a == b))
        flags |= carry_flag;
    if (((a ^ b ^ difference) >> 4) & 1)
        flags |= auxiliary_flag;
    if ((((a ^ b) & (a ^ difference)) >> sign) & 1)
        flags |= overflow_flag;
    return with_result_flags(difference, size, flags);
}

/// `flags` before the instruction give the carry of ADC and SBB.
constexpr Computed compute(arch::instruction::Operation operation, std::uint64_t a, std::uint64_t b, unsigned size,
                           std::uint64_t flags)
{
    using enum arch::instruction::Operation;
    switch (operation)
    {
    case add:
        return interface::add(a, b, 0, size);
    case adc:
        return interface::add(a, b, flags & carry_flag, size);
    case sub:
    case cmp:
        return subtract(a, b, 0, size);
    case sbb:
        return subtract(a, b, flags & carry_flag, size);
    case logical_and:
    case test:
        return with_result_flags(a & b, size, 0);
    case logical_or:
        return with_result_flags(a | b, size, 0);
    case logical_xor:
        return with_result_flags(a ^ b, size, 0);
    default:
        return {b, flags & arithmetic_flags};
    }
}

} // namespace ovm::interface
