#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::policy
{

/// How long a turn may be. The shortest is far above the cost of a choice; the longest keeps every sum of the policies
/// far from 64 bits.
inline constexpr Ticks slice_min{1'000};
inline constexpr Ticks slice_max{std::uint64_t{1} << 31};

constexpr Result<> check_slice(Ticks slice)
{
    if (slice < slice_min || slice > slice_max)
        return Error::out_of_range;
    return {};
}

/// From one time to a later one; none when the clock did not advance.
constexpr Ticks elapsed(Ticks from, Ticks to)
{
    return to > from ? to - from : Ticks(0);
}

} // namespace ovm::policy
