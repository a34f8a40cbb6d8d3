#pragma once

#include <array>

#include "policy/collection/idle_time.hpp"
#include "policy/collection/paced.hpp"
#include "policy/recipe.hpp"

/// The collection policies that are built in, as a person names and tunes them.
namespace ovm::policy
{

struct Paced_recipe
{
    using Policy = Paced_collection;
    static constexpr Policy::Parameters usual{};
    static constexpr std::array<object::Parameter, 2> list{
        {{"growth", object::Unit::number, usual.growth, 1, Policy::Parameters::growth_max,
          "times what lives is allocated before a collection"},
         {"least", object::Unit::bytes, usual.least.value(), Policy::Parameters::least_min.value(),
          Policy::Parameters::least_max.value(), "allocated before one in any case"}}};
    static constexpr object::Policy_description description{"paced", "in proportion to what is allocated", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.growth = given["growth"], .least = Bytes(given["least"])};
    }
};

struct Idle_time_recipe
{
    using Policy = Idle_time_collection;
    static constexpr Policy::Parameters usual{};
    static constexpr std::array<object::Parameter, 2> list{
        {{"least", object::Unit::bytes, usual.least.value(), Policy::Parameters::least_min.value(),
          Policy::Parameters::least_max.value(), "allocated before idle time is used"},
         {"slice", object::Unit::number, usual.slice.value(), Policy::Parameters::slice_min.value(),
          Policy::Parameters::slice_max.value(), "references and objects looked at in one"}}};
    static constexpr object::Policy_description description{"idle-time", "soon, when a core has nothing to run", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.least = Bytes(given["least"]), .slice = object::Work(given["slice"])};
    }
};

template <Recipe R>
using Collection_factory = Recipe_factory<object::Collection_policy, R>;

} // namespace ovm::policy
