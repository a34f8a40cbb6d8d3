#include <algorithm>
#include <cstdint>

#include "base/contract.hpp"

/// Numbers: what overflows, is divided or shifted.
namespace
{

struct Bits
{
    bool flag = false;
};

} // namespace

OVM_VERIFIED std::uint64_t add(std::uint64_t a, std::uint64_t b)
{
    return a + b; // expect: addition overflows
}

OVM_VERIFIED std::uint64_t add_checked(std::uint64_t a, std::uint64_t b) // expect: none
{
    return a > ~std::uint64_t{0} - b ? ~std::uint64_t{0} : a + b;
}

OVM_VERIFIED std::uint64_t subtract(std::uint64_t a, std::uint64_t b)
{
    return a >= b ? a - b : a - 1; // expect: subtraction overflows
}

OVM_VERIFIED std::uint64_t distance(std::uint64_t a, std::uint64_t b) // expect: none
{
    return a > b ? a - b : b - a;
}

OVM_VERIFIED std::int32_t multiply(std::int32_t a, std::int32_t b)
{
    if (a > 100'000 || a < 0 || b > 100'000 || b < 0)
        return 0;
    return a * b; // expect: multiplication overflows
}

OVM_VERIFIED std::int32_t multiply_checked(std::int32_t a, std::int32_t b) // expect: none
{
    if (a > 10'000 || a < 0 || b > 10'000 || b < 0)
        return 0;
    return a * b;
}

OVM_VERIFIED std::uint32_t divide(std::uint32_t a, std::uint32_t b)
{
    return a / b; // expect: division
}

OVM_VERIFIED std::int64_t divide_signed(std::int64_t a, std::int64_t b)
{
    if (b == 0)
        return 0;
    return a / b; // expect: division
}

OVM_VERIFIED std::uint64_t remainder_below(std::uint64_t a, std::uint64_t b) // expect: none
{
    if (b == 0)
        return 0;
    auto const rest = a % b;
    OVM_ASSERT(rest < b);
    return rest;
}

OVM_VERIFIED std::uint64_t shift(std::uint64_t a, std::uint64_t by)
{
    return a >> by; // expect: shift out of bounds
}

OVM_VERIFIED std::uint64_t shift_checked(std::uint64_t a, std::uint64_t by) // expect: none
{
    return by < 64 ? a >> by : 0;
}

OVM_VERIFIED std::uint64_t shift_left(std::uint64_t a)
{
    return a << 3; // expect: shift out of bounds
}

OVM_VERIFIED std::uint8_t truncate(std::uint32_t a)
{
    return a; // expect: conversion
}

OVM_VERIFIED std::uint8_t truncate_checked(std::uint32_t a) // expect: none
{
    return static_cast<std::uint8_t>(a & 0xff);
}

OVM_VERIFIED std::int64_t negate(std::int64_t a)
{
    return -a; // expect: negation
}

OVM_VERIFIED std::int64_t average(std::int64_t a, std::int64_t b)
{
    return (a + b) / 2; // expect: addition overflows
}

OVM_VERIFIED std::uint64_t average_checked(std::uint64_t a, std::uint64_t b) // expect: none
{
    auto const low = std::min(a, b);
    auto const high = std::max(a, b);
    return low + (high - low) / 2;
}

OVM_VERIFIED bool flag(Bits& bits) // expect: none
{
    bits.flag = !bits.flag;
    return bits.flag;
}

OVM_VERIFIED std::uint64_t by_switch(unsigned which, std::uint64_t a)
{
    switch (which)
    {
    case 0:
        return a / 2;
    case 1:
        return a - 1; // expect: subtraction overflows
    case 2:
        return a == 0 ? 0 : a - 1;
    default:
        return 0;
    }
}

OVM_VERIFIED std::uint64_t wide(std::uint64_t a, std::uint64_t b) // expect: none
{
    auto const product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product >> 64);
}
