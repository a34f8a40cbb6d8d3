#include <array>
#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"

/// Loops: their invariants, their ends, what they write.
struct List
{
    std::array<std::uint64_t, 64> items{};
    std::size_t size = 0;
    std::uint64_t total = 0;
};

struct Link
{
    Link* next = nullptr;
    std::uint64_t value = 0;
};

OVM_VERIFIED bool contains(List& list, std::uint64_t what) // expect: none
{
    if (list.size > 64)
        return false;
    for (std::size_t i = 0; i < list.size; ++i)
    {
        if (list.items[i] == what)
            return true;
    }
    return false;
}

OVM_VERIFIED bool contains_beyond(List& list, std::uint64_t what)
{
    if (list.size > 64)
        return false;
    for (std::size_t i = 0; i <= list.size; ++i)
    {
        if (list.items[i] == what) // expect: check of the library
            return true;
    }
    return false;
}

OVM_VERIFIED std::size_t count_up(std::size_t n) // expect: none
{
    std::size_t i = 0;
    while (i < n)
        ++i;
    return i;
}

OVM_VERIFIED std::size_t never_ends(std::size_t n)
{
    std::size_t i = 0;
    while (i < n) // expect: loop does not end
    {
        if (i > 5)
            ++i;
    }
    return i;
}

OVM_VERIFIED std::size_t step_over(std::uint32_t n)
{
    std::uint64_t i = 0;
    while (i != n) // expect: loop does not end
    {
        OVM_LOOP_INVARIANT(i <= 0xffff'ffff);
        i = (i + 2) & 0xffff'ffff;
    }
    return i;
}

OVM_VERIFIED std::size_t missing_step(List& list)
{
    std::size_t i = 0;
    while (i < 64) // expect: loop does not end
        list.items[i] = 0;
    return i;
}

OVM_VERIFIED std::size_t binary(List& list, std::uint64_t what) // expect: none
{
    std::size_t low = 0;
    std::size_t high = 64;
    while (low < high)
    {
        OVM_LOOP_INVARIANT(high <= 64 && low < high);
        OVM_VARIANT(high - low);
        auto const middle = low + (high - low) / 2;
        if (list.items[middle] < what)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

OVM_VERIFIED std::size_t binary_stuck(List& list, std::uint64_t what)
{
    std::size_t low = 0;
    std::size_t high = 64;
    while (low < high)
    {
        OVM_LOOP_INVARIANT(high <= 64 && low < high);
        OVM_VARIANT(high - low); // expect: loop does not end
        auto const middle = low + (high - low) / 2;
        if (list.items[middle] < what)
            low = middle;
        else
            high = middle;
    }
    return low;
}

OVM_VERIFIED void wrong_at_start(List& list, std::size_t n)
{
    std::size_t x = n;
    for (std::size_t i = 0; i < 64; ++i)
    {
        OVM_LOOP_INVARIANT(x == 7); // expect: loop invariant
        list.items[i] = 0;
        x = 7;
    }
}

OVM_VERIFIED void wrong_later(List& list)
{
    std::size_t x = 7;
    for (std::size_t i = 0; i < 64; ++i)
    {
        OVM_LOOP_INVARIANT(x == 7); // expect: loop invariant
        list.items[i] = 0;
        if (i == 60)
            x = 8;
    }
}

OVM_VERIFIED void sum_without(List& list)
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 64; ++i)
        sum += list.items[i]; // expect: addition overflows
    list.total = sum;
}

OVM_VERIFIED void sum_bounded(List& list) // expect: none
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 64; ++i)
    {
        OVM_LOOP_INVARIANT(sum <= i * 1000);
        sum += list.items[i] % 1000;
    }
    OVM_ASSERT(sum <= 64'000);
    list.total = sum;
}

OVM_VERIFIED void forgets(List& list)
{
    list.items[3] = 5;
    for (std::size_t i = 0; i < 64; ++i)
        list.items[i] = 1;
    OVM_ASSERT(list.items[3] == 5); // expect: assertion
}

OVM_VERIFIED void keeps(List& list) // expect: none
{
    list.total = 5;
    for (std::size_t i = 0; i < 64; ++i)
        list.items[i] = 1;
    OVM_ASSERT(list.total == 5);
}

OVM_VERIFIED void few_turns(List& list) // expect: none
{
    for (std::size_t i = 0; i < 4; ++i)
        list.items[i] = i;
    OVM_ASSERT(list.items[2] == 2);
}

OVM_VERIFIED void few_turns_wrong(List& list)
{
    for (std::size_t i = 0; i < 4; ++i)
        list.items[i] = i;
    OVM_ASSERT(list.items[2] == 3); // expect: assertion
}

OVM_VERIFIED std::uint64_t each(List& list) // expect: none
{
    std::uint64_t most = 0;
    for (auto const item : list.items)
        most = item > most ? item : most;
    return most;
}

OVM_VERIFIED std::uint64_t nested(List& list) // expect: none
{
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < 64; ++i)
    {
        for (std::size_t j = i; j < 64; ++j)
        {
            if (list.items[i] > list.items[j])
                found = j;
        }
    }
    return found;
}

OVM_VERIFIED std::uint64_t nested_wrong(List& list)
{
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < 64; ++i)
    {
        for (std::size_t j = 0; j < 64; ++j)
        {
            if (list.items[i + j] == 0) // expect: check of the library
                found = j;
        }
    }
    return found;
}

OVM_VERIFIED std::uint64_t chain(Link& first)
{
    std::uint64_t value = 0;
    for (auto* at = &first; at != nullptr; at = at->next) // expect: loop does not end
        value = at->value;
    return value;
}

OVM_VERIFIED std::uint64_t chain_bounded(Link& first) // expect: none
{
    std::uint64_t value = 0;
    std::uint32_t left = 1000;
    for (auto* at = &first; at != nullptr && left != 0; at = at->next)
    {
        value = at->value;
        --left;
    }
    return value;
}

OVM_VERIFIED void shift_down(List& list) // expect: none
{
    if (list.size == 0 || list.size > 64)
        return;
    for (std::size_t i = 1; i < list.size; ++i)
    {
        OVM_LOOP_INVARIANT(i >= 1);
        list.items[i - 1] = list.items[i];
    }
    --list.size;
}

OVM_VERIFIED void contradiction(List& list)
{
    for (std::size_t i = 0; i < 64; ++i)
    {
        OVM_LOOP_INVARIANT(list.total < 5 && list.total > 6); // expect: loop invariant
        list.items[i + 1000] = 1;
    }
}
