#pragma once

#include <array>
#include <string_view>

#include "arch/processor.hpp"
#include "policy/recipe.hpp"
#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler/dedicated_scheduler.hpp"
#include "policy/scheduler/fair_scheduler.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"

/// The schedulers that are built in, as a person names and tunes them.
namespace ovm::policy
{

inline constexpr std::uint64_t shortest_slice = 100'000;
inline constexpr std::uint64_t longest_slice = 500'000'000;

struct Round_robin_recipe
{
    using Policy = Round_robin_scheduler;
    static constexpr std::array<object::Parameter, 1> list{
        {{"slice", object::Unit::nanoseconds, Policy::default_slice.value(), shortest_slice, longest_slice,
          "how long a turn is"}}};
    static constexpr object::Policy_description description{Policy::name, "everybody in turn, a slice each", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.slice = arch::to_ticks(Nanoseconds(given["slice"]))};
    }
};

struct Fair_recipe
{
    using Policy = Fair_scheduler;
    static constexpr std::array<object::Parameter, 1> list{
        {{"slice", object::Unit::nanoseconds, Policy::default_slice.value(), shortest_slice, longest_slice,
          "the request of who wishes for no less"}}};
    static constexpr object::Policy_description description{Policy::name, "shares by weight, by virtual deadlines",
                                                            list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.slice = arch::to_ticks(Nanoseconds(given["slice"]))};
    }
};

struct Deadline_recipe
{
    using Policy = Deadline_scheduler;
    static constexpr std::array<object::Parameter, 2> list{
        {{"slice", object::Unit::nanoseconds, Policy::default_slice.value(), shortest_slice, longest_slice,
          "a turn of those without a reservation"},
         {"bound", object::Unit::number, Policy::default_bound, 1, Policy::bound_max,
          "permille of a core that may be reserved"}}};
    static constexpr object::Policy_description description{Policy::name, "budgets in periods, kept", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.slice = arch::to_ticks(Nanoseconds(given["slice"])),
                .bound = static_cast<std::uint32_t>(given["bound"])};
    }
};

struct Dedicated_recipe
{
    using Policy = Dedicated_scheduler;
    static constexpr object::Policy_description description{Policy::name, "one vcpu owns its core, without a tick", {}};
    static Policy::Parameters parameters(const object::Parameters&) { return {}; }
};

template <Recipe R>
using Scheduler_factory = Recipe_factory<processor::Scheduler, R>;

} // namespace ovm::policy
