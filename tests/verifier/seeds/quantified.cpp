#include <array>
#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"

/// What holds for every element.
struct Bag
{
    std::array<std::uint64_t, 32> items{};
    std::size_t size = 0;
};

OVM_VERIFIED void use_one(Bag& bag, std::size_t at) // expect: none
{
    OVM_REQUIRES_THAT(bag.size <= 32 && OVM_FOR_ALL(i, bag.size, bag.items[i] < 100));
    if (at < bag.size)
        OVM_ASSERT(bag.items[at] < 100);
}

OVM_VERIFIED void use_beyond(Bag& bag, std::size_t at)
{
    OVM_REQUIRES_THAT(bag.size <= 32 && OVM_FOR_ALL(i, bag.size, bag.items[i] < 100));
    if (at < 32)
        OVM_ASSERT(bag.items[at] < 100); // expect: assertion
}

OVM_VERIFIED void use_stronger(Bag& bag, std::size_t at)
{
    OVM_REQUIRES_THAT(bag.size <= 32 && OVM_FOR_ALL(i, bag.size, bag.items[i] < 100));
    if (at < bag.size)
        OVM_ASSERT(bag.items[at] < 99); // expect: assertion
}

OVM_VERIFIED void keep(Bag& bag, std::uint64_t value) // expect: none
{
    OVM_REQUIRES_THAT(bag.size < 32 && OVM_FOR_ALL(i, bag.size, bag.items[i] < 100));
    bag.items[bag.size] = value % 100;
    ++bag.size;
    OVM_ENSURES(OVM_FOR_ALL(i, bag.size, bag.items[i] < 100));
}

OVM_VERIFIED void spoil(Bag& bag, std::uint64_t value)
{
    OVM_REQUIRES_THAT(bag.size < 32 && OVM_FOR_ALL(i, bag.size, bag.items[i] < 100));
    bag.items[bag.size] = value % 101;
    ++bag.size;
    OVM_ENSURES(OVM_FOR_ALL(i, bag.size, bag.items[i] < 100)); // expect: postcondition
}

OVM_VERIFIED void spoil_another(Bag& bag, std::size_t at)
{
    OVM_REQUIRES_THAT(bag.size <= 32 && OVM_FOR_ALL(i, bag.size, bag.items[i] < 100));
    if (at < 32)
        bag.items[at] = 200;
    OVM_ENSURES(OVM_FOR_ALL(i, bag.size, bag.items[i] < 100)); // expect: postcondition
}

OVM_VERIFIED void claim(Bag& bag)
{
    OVM_ASSERT(bag.size <= 32 && OVM_FOR_ALL(i, bag.size, bag.items[i] < 100)); // expect: assertion
}

OVM_VERIFIED void denied(Bag& bag)
{
    OVM_REQUIRES_THAT(bag.size <= 32);
    if (!OVM_FOR_ALL(i, bag.size, bag.items[i] < 100))
        OVM_ASSERT(bag.size == 0); // expect: assertion
}

OVM_VERIFIED void denied_of_none(Bag& bag) // expect: none
{
    OVM_REQUIRES_THAT(bag.size <= 32);
    if (!OVM_FOR_ALL(i, bag.size, bag.items[i] < 100))
        OVM_ASSERT(bag.size != 0);
}

OVM_VERIFIED void index_inside(Bag& bag)
{
    OVM_REQUIRES_THAT(OVM_FOR_ALL(i, bag.size, bag.items[i] < 100)); // expect: check of the library
}

OVM_VERIFIED void fill(Bag& bag) // expect: none
{
    for (std::size_t i = 0; i < 32; ++i)
    {
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(j, i, bag.items[j] == 5));
        bag.items[i] = 5;
    }
    bag.size = 32;
    OVM_ENSURES(OVM_FOR_ALL(i, 32, bag.items[i] == 5));
}

OVM_VERIFIED void fill_wrongly(Bag& bag)
{
    for (std::size_t i = 0; i < 32; ++i)
    {
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(j, i, bag.items[j] == 5)); // expect: loop invariant
        bag.items[i] = i == 9 ? 6 : 5;
    }
}

OVM_VERIFIED void cleared(Bag& bag) // expect: none
{
    bag = {};
    OVM_ENSURES(OVM_FOR_ALL(i, 32, bag.items[i] == 0));
}
