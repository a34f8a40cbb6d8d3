#pragma once

#include <array>
#include <string_view>

#include "policy/frames/first_touch.hpp"
#include "policy/frames/huge_first.hpp"
#include "policy/frames/interleave.hpp"
#include "policy/recipe.hpp"

/// The frame policies that are built in, as a person names and tunes them.
namespace ovm::policy
{

struct First_touch_recipe
{
    using Policy = First_touch_frames;
    static constexpr std::array<object::Parameter, 1> list{
        {{"reach", object::Unit::number, Policy::Parameters::reach_max, 0, Policy::Parameters::reach_max,
          "how many further nodes are asked when the wished one is full"}}};
    static constexpr object::Policy_description description{"first-touch", "the wished node, then those behind it",
                                                            list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.reach = static_cast<std::uint32_t>(given["reach"])};
    }
};

struct Interleave_recipe
{
    using Policy = Interleave_frames;
    static constexpr std::array<object::Parameter, 1> list{
        {{"nodes", object::Unit::number, Policy::Parameters::nodes_max, 1, Policy::Parameters::nodes_max,
          "the nodes that take turns, a bit each"}}};
    static constexpr object::Policy_description description{"interleave", "all nodes in turn, block by block", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.nodes = static_cast<std::uint32_t>(given["nodes"])};
    }
};

struct Huge_first_recipe
{
    using Policy = Huge_first_frames;
    static constexpr std::array<object::Parameter, 2> list{
        {{"reach", object::Unit::number, Policy::Parameters{}.reach, 0, Policy::Parameters::reach_max,
          "how many further nodes may serve a small request from broken blocks"},
         {"look", object::Unit::number, Policy::Parameters{}.look, 1, Policy::Parameters::look_max,
          "how many blocks are looked at for a better one"}}};
    static constexpr object::Policy_description description{"huge-first", "keeps 2 MiB and 1 GiB blocks whole", list};
    static Policy::Parameters parameters(const object::Parameters& given)
    {
        return {.reach = static_cast<std::uint32_t>(given["reach"]), .look = static_cast<std::uint32_t>(given["look"])};
    }
};

template <Recipe R>
using Frame_factory = Recipe_factory<memory::Frame_policy, R, const memory::Frame_pool>;

} // namespace ovm::policy
