#pragma once

#include <array>
#include <string_view>

#include "policy/population/eager.hpp"
#include "policy/population/lazy.hpp"
#include "policy/recipe.hpp"

/// The populations that are built in, as a person names and tunes them.
namespace ovm::policy
{

struct Eager_recipe
{
    using Policy = Eager_population;
    static constexpr std::array<object::Parameter, 1> list{
        {{"step", object::Unit::bytes, Policy::Parameters{}.step.value(), page_size.value(),
          Policy::Parameters::step_max.value(), "what one slice clears"}}};
    static constexpr object::Policy_description description{"eager", "all at once, in the largest pages", list};
    static Policy::Parameters parameters(const object::Parameters& given) { return {.step = Bytes(given["step"])}; }
};

struct Lazy_recipe
{
    using Policy = Lazy_population;
    static constexpr std::array<object::Parameter, 1> list{
        {{"around", object::Unit::number, 1, 1, Policy::Parameters::around_max.value(),
          "pages that a touch gives: 1, 2 or 4"}}};
    static constexpr object::Policy_description description{"lazy", "small pages, when they are touched", list};
    static Policy::Parameters parameters(const object::Parameters& given) { return {.around = Pages(given["around"])}; }
};

template <Recipe R>
using Population_factory = Recipe_factory<memory::Population, R>;

} // namespace ovm::policy
