#pragma once

#include <array>
#include <string_view>

#include "policy/halt/adaptive.hpp"
#include "policy/halt/at_once.hpp"
#include "policy/recipe.hpp"

/// The halt policies that are built in, as a person names and tunes them.
namespace ovm::policy
{

struct At_once_recipe
{
    using Policy = At_once_halt;
    static constexpr object::Policy_description description{"at-once", "sleeps as soon as nobody runs", {}};
    static Policy::Parameters parameters(const object::Parameters&) { return {}; }
};

struct Adaptive_recipe
{
    using Policy = Adaptive_halt;
    static constexpr Policy::Parameters usual{};
    static constexpr std::array<object::Parameter, 4> list{
        {{"max", object::Unit::nanoseconds, usual.max.value(), Policy::Parameters::start_min.value(),
          Policy::Parameters::max_max.value(), "the longest window"},
         {"start", object::Unit::nanoseconds, usual.start.value(), Policy::Parameters::start_min.value(),
          Policy::Parameters::max_max.value(), "the first window"},
         {"grow", object::Unit::number, usual.grow, Policy::Parameters::grow_min, Policy::Parameters::factor_max,
          "how many times longer a window gets"},
         {"shrink", object::Unit::number, usual.shrink, 0, Policy::Parameters::factor_max,
          "how many times shorter; 0: none at all"}}};
    static constexpr object::Policy_description description{"adaptive", "looks for the wake-up for a while", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.max = Nanoseconds(given["max"]),
                .start = Nanoseconds(given["start"]),
                .grow = static_cast<std::uint32_t>(given["grow"]),
                .shrink = static_cast<std::uint32_t>(given["shrink"])};
    }
};

template <Recipe R>
using Halt_factory = Recipe_factory<processor::Halt, R>;

} // namespace ovm::policy
