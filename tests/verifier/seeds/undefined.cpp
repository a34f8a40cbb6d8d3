#include <array>
#include <cstdint>

#include "base/contract.hpp"

/// Values that were never set.
struct Pair
{
    std::uint32_t first;
    std::uint32_t second;
};

OVM_VERIFIED int branch(bool b)
{
    int x;
    if (b)
        x = 1;
    return x == 1 ? 2 : 3; // expect: value was never set
}

OVM_VERIFIED int branch_set(bool b) // expect: none
{
    int x;
    if (b)
        x = 1;
    else
        x = 4;
    return x == 1 ? 2 : 3;
}

OVM_VERIFIED int only_when_set(bool b) // expect: none
{
    int x;
    if (b)
        x = 1;
    return b ? (x == 1 ? 2 : 3) : 0;
}

OVM_VERIFIED std::uint32_t member(std::uint32_t a)
{
    Pair pair;
    pair.first = a;
    return pair.second > 3 ? 1 : 0; // expect: value was never set
}

OVM_VERIFIED std::uint32_t member_set(std::uint32_t a) // expect: none
{
    Pair pair;
    pair.second = a;
    return pair.second > 3 ? 1 : 0;
}

OVM_VERIFIED std::uint32_t index(std::array<std::uint32_t, 4>& list)
{
    std::size_t at;
    return list[at]; // expect: value was never set
}

OVM_VERIFIED std::uint32_t element(std::uint32_t at)
{
    std::array<std::uint32_t, 4> list;
    list[at & 3] = 1;
    return list[0] == 1 ? 1 : 2; // expect: value was never set
}

OVM_VERIFIED std::uint32_t element_set(std::uint32_t at) // expect: none
{
    std::array<std::uint32_t, 4> list{};
    list[at & 3] = 1;
    return list[0] == 1 ? 1 : 2;
}

OVM_VERIFIED void copied(Pair& out, bool b)
{
    Pair pair;
    pair.first = 1;
    out = pair;
    if (b && out.second == 0) // expect: value was never set
        out.first = 2;
}

OVM_VERIFIED std::uint32_t in_a_loop(std::uint32_t n)
{
    std::uint32_t last;
    for (std::uint32_t i = 0; i < n; ++i)
        last = i;
    return last == 3 ? 1 : 2; // expect: value was never set
}

OVM_VERIFIED std::uint32_t each_turn(std::uint32_t n)
{
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < n; ++i)
    {
        std::uint32_t x;
        if (i > 2)
            x = 1;
        if (x == 1) // expect: value was never set
            sum = i;
    }
    return sum;
}
