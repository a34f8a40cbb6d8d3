#include <algorithm>
#include <cstdint>

#include "base/contract.hpp"

/// Divisions by what varies: first only as numbers of which theorems are known, then as what they are.

/// Permille, rounded up: nothing overflows, whatever the quotients are.
OVM_VERIFIED std::uint32_t permille_of(std::uint64_t part, std::uint64_t whole) // expect: none
{
    OVM_REQUIRES_THAT(part < std::uint64_t{1} << 36 && whole < std::uint64_t{1} << 36);
    auto const one = std::max<std::uint64_t>(whole / 1000, 1);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>((part + one - 1) / one, 1000));
}

OVM_VERIFIED std::uint64_t place_in(std::uint64_t at, std::uint64_t size) // expect: none
{
    OVM_REQUIRES_THAT(size != 0);
    auto const place = at % size;
    OVM_ENSURES(place < size && place <= at);
    return place;
}

OVM_VERIFIED std::uint64_t exactly_half(std::uint64_t all) // expect: none
{
    auto const half = all / 2;
    OVM_ENSURES(all - half >= half && all - half - half <= 1);
    return half;
}

/// Rounded down: the rest is one of those below the divisor, whatever the sign was.
OVM_VERIFIED std::int64_t rest_of_floor(std::int64_t sum, std::int64_t count) // expect: none
{
    OVM_REQUIRES_THAT(count > 0 && count < std::int64_t{1} << 40);
    auto rest = sum % count;
    if (rest < 0)
        rest += count;
    OVM_ENSURES(rest >= 0 && rest < count);
    return rest;
}

/// A quotient's magnitude is none above the dividend's, and its sign is known.
OVM_VERIFIED std::int64_t signed_share(std::int64_t all, std::int64_t sharers) // expect: none
{
    OVM_REQUIRES_THAT(sharers < -1 && all > -(std::int64_t{1} << 50) && all < std::int64_t{1} << 50);
    auto const share = all / sharers;
    OVM_ENSURES((all >= 0 ? share <= 0 && -share <= all : share >= 0 && share < -all));
    return share * 4096;
}

OVM_VERIFIED std::int64_t wrong_sign(std::int64_t sum, std::int64_t count)
{
    OVM_REQUIRES_THAT(count > 0);
    auto const rest = sum % count;
    OVM_ENSURES(rest >= 0); // expect: postcondition
    return rest;
}

OVM_VERIFIED std::int64_t wrong_quotient(std::int64_t all, std::int64_t sharers)
{
    OVM_REQUIRES_THAT(sharers > 0);
    auto const share = all / sharers;
    OVM_ENSURES(share <= all); // expect: postcondition
    return share;
}

OVM_VERIFIED std::int64_t least_by_minus_one(std::int64_t all, std::int64_t sharers)
{
    OVM_REQUIRES_THAT(sharers != 0);
    return all / sharers; // expect: division
}

OVM_VERIFIED std::uint64_t share_of(std::uint64_t all, std::uint64_t sharers)
{
    return all / sharers; // expect: division
}

OVM_VERIFIED std::uint64_t never_whole(std::uint64_t all, std::uint64_t sharers)
{
    OVM_REQUIRES_THAT(sharers != 0);
    auto const share = all / sharers;
    OVM_ENSURES(share < all); // expect: postcondition
    return share;
}

OVM_VERIFIED std::uint64_t never_three(std::uint64_t all)
{
    auto const half = all / 2;
    OVM_ENSURES(half != 3); // expect: postcondition
    return half;
}

OVM_VERIFIED std::uint64_t rest_of(std::uint64_t at, std::uint64_t size)
{
    OVM_REQUIRES_THAT(size > 1);
    auto const rest = at % size;
    OVM_ENSURES(rest + 1 < size); // expect: postcondition
    return rest;
}

OVM_VERIFIED std::uint64_t sum_of(std::uint64_t part, std::uint64_t whole)
{
    OVM_REQUIRES_THAT(whole != 0);
    return part / whole + part; // expect: addition
}
