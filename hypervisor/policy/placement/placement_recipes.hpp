#pragma once

#include <array>
#include <string_view>

#include "policy/placement/least_loaded.hpp"
#include "policy/placement/node_local.hpp"
#include "policy/placement/static_placement.hpp"
#include "policy/recipe.hpp"

/// The placements that are built in, as a person names and tunes them.
namespace ovm::policy
{

struct Static_placement_recipe
{
    using Policy = Static_placement;
    static constexpr Policy::Parameters usual{};
    static constexpr std::array<object::Parameter, 4> list{
        {{"first", object::Unit::number, usual.first, 0, 63, "the core of vcpu 0 of VM 1"},
         {"stride", object::Unit::number, usual.stride, 1, 64, "cores from one vcpu of a VM to the next"},
         {"gather", object::Unit::number, usual.gather, 0, 1, "1: brings home who lives elsewhere"},
         {"interval", object::Unit::nanoseconds, usual.interval.value(), Balance_parameters::interval_min.value(),
          Balance_parameters::interval_max.value(), "at least so long between two moves"}}};
    static constexpr object::Policy_description description{"static", "vcpu by vcpu over the cores, as numbered", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.first = static_cast<std::uint32_t>(given["first"]),
                .stride = static_cast<std::uint32_t>(given["stride"]),
                .gather = given["gather"] != 0,
                .interval = Nanoseconds(given["interval"])};
    }
};

/// What the balancing ones have in common.
inline constexpr Balance_parameters usual_balance{};
inline constexpr std::array<object::Parameter, 3> balance_list{
    {{"interval", object::Unit::nanoseconds, usual_balance.interval.value(), Balance_parameters::interval_min.value(),
      Balance_parameters::interval_max.value(), "at least so long between two moves"},
     {"busy", object::Unit::number, usual_balance.busy, 0, 1000, "permille of its time from which a core is busy"},
     {"margin", object::Unit::number, usual_balance.margin, Balance_parameters::margin_min,
      Balance_parameters::margin_max, "so many more run there than where one moves to"}}};

inline Balance_parameters balance_parameters(const object::Parameters& given)
{
    return {.interval = Nanoseconds(given["interval"]),
            .busy = static_cast<std::uint32_t>(given["busy"]),
            .margin = static_cast<std::uint32_t>(given["margin"])};
}

struct Least_loaded_recipe
{
    using Policy = Least_loaded_placement;
    static constexpr object::Policy_description description{"least-loaded", "the core with the fewest", balance_list};
    static Policy::Parameters parameters(const object::Parameters& given) { return balance_parameters(given); }
};

struct Node_local_recipe
{
    using Policy = Node_local_placement;
    static constexpr object::Policy_description description{"node-local", "all of a VM on one node, balanced there",
                                                            balance_list};
    static Policy::Parameters parameters(const object::Parameters& given) { return balance_parameters(given); }
};

template <Recipe R>
using Placement_factory = Recipe_factory<processor::Placement, R, const std::uint32_t>;

} // namespace ovm::policy
