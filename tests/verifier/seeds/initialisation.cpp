#include <array>
#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"

/// Loops that the compiler makes to construct an array's elements: what they store is known, and nothing else is.
using ovm::Ticks;

struct Entry
{
    Ticks due{};
    std::uint64_t uses = 0;
};

OVM_VERIFIED Ticks begins_with_nothing(std::size_t at) // expect: none
{
    OVM_REQUIRES_THAT(at < 400);
    std::array<Ticks, 400> all{};
    OVM_ENSURES(all[at] == Ticks(0));
    return all[at];
}

OVM_VERIFIED std::uint64_t begins_with_members(std::size_t at) // expect: none
{
    OVM_REQUIRES_THAT(at < 300);
    std::array<Entry, 300> all{};
    OVM_ENSURES(all[at].due == Ticks(0) && all[at].uses == 0);
    return all[at].uses;
}

OVM_VERIFIED void keeps_what_is_beside(std::size_t at) // expect: none
{
    OVM_REQUIRES_THAT(at < 40);
    std::array<Entry, 40> before{};
    before[at].uses = 7;
    std::array<Entry, 300> all{};
    OVM_ENSURES(before[at].uses == 7 && all[at].uses == 0);
}

OVM_VERIFIED void begins_with_one(std::size_t at)
{
    OVM_REQUIRES_THAT(at < 400);
    std::array<Ticks, 400> all{};
    OVM_ENSURES(all[at] == Ticks(1)); // expect: postcondition
}

OVM_VERIFIED Ticks looks_behind(std::size_t at)
{
    OVM_REQUIRES_THAT(at <= 400);
    std::array<Ticks, 400> all{};
    return all[at]; // expect: check of the library
}

OVM_VERIFIED void forgets_what_was_written(std::size_t at)
{
    OVM_REQUIRES_THAT(at < 300);
    std::array<Entry, 300> all{};
    all[at].uses = 3;
    OVM_ENSURES(all[at].uses == 0); // expect: postcondition
}

OVM_VERIFIED void overwrites(std::array<Entry, 300>& all, std::size_t at)
{
    OVM_REQUIRES_THAT(at < 300);
    all[at].uses = 3;
    all = std::array<Entry, 300>{};
    OVM_ENSURES(all[at].uses == 3); // expect: postcondition
}

struct Padded
{
    std::uint32_t name = 0;
    Ticks due{};
    bool used = false;
};

OVM_VERIFIED std::uint32_t begins_with_padding(std::size_t at) // expect: none
{
    OVM_REQUIRES_THAT(at < 300);
    std::array<Padded, 300> all{};
    OVM_ENSURES(all[at].name == 0 && all[at].due == Ticks(0) && !all[at].used);
    return all[at].name;
}

OVM_VERIFIED std::uint32_t begins_with_another(std::size_t at)
{
    OVM_REQUIRES_THAT(at < 300);
    std::array<Padded, 300> all{};
    OVM_ENSURES(all[at].name == 1); // expect: postcondition
    return all[at].name;
}

struct Sparse
{
    std::uint32_t name = 0;
    std::uint64_t uses = 0;
};

OVM_VERIFIED std::uint64_t leaves_padding_out(std::size_t at) // expect: none
{
    OVM_REQUIRES_THAT(at < 300);
    std::array<Sparse, 300> all;
    OVM_ENSURES(all[at].name == 0 && all[at].uses == 0);
    return all[at].uses;
}
