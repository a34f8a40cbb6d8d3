#include "policy/placement/placement_fixture.hpp"

namespace
{

using namespace ovm;
using namespace ovm::policy;

TEST(Static_placement, EveryVcpuHasItsPlace)
{
    arch::hosted::reset(4, 2);
    Static_placement placement(4, {});
    for (std::uint32_t vm = 1; vm <= 9; ++vm)
        for (std::uint32_t i = 0; i < 5; ++i)
            EXPECT_EQ(placement.place(vcpu_of(vm, i), Node_id{1}, {}).value(), Core_id((vm - 1 + i) % 4));
    Static_placement other(4, {.first = 3, .stride = 2});
    EXPECT_EQ(other.place(vcpu_of(1, 0), {}, {}).value(), Core_id{3});
    EXPECT_EQ(other.place(vcpu_of(1, 1), {}, {}).value(), Core_id{1});
    EXPECT_EQ(other.place(vcpu_of(2, 1), {}, {}).value(), Core_id{2});
}

TEST(Static_placement, BringsHomeWhomAnotherPlacedOneByOne)
{
    arch::hosted::reset(4, 2);
    Static_placement placement(4, {.gather = true});
    EXPECT_EQ(placement.pace().value(), Nanoseconds{10'000'000});
    Placed_vcpus vcpus(4);
    for (std::uint32_t vm = 1; vm <= 50; ++vm)
    {
        vcpus.add(placement, vcpu_of(vm, 0));
        ASSERT_TRUE(placement.moved(vcpu_of(vm, 0), Core_id{2}));
        vcpus.homes[vcpu_of(vm, 0)] = Core_id{2};
    }
    vcpus.rebalance(placement, 100, Nanoseconds{10'000'000});
    EXPECT_EQ(vcpus.moves.size(), 38u) << "12 of 50 were at home on core 2";
    for (auto const& [vcpu, core] : vcpus.homes)
        EXPECT_EQ(core.value(), (vcpu.vm.value() - 1) % 4);
    Static_placement still(4, {});
    EXPECT_EQ(still.pace().value(), std::nullopt) << "nobody need ask it";
    Placed_vcpus others(4);
    others.add(still, vcpu_of(1, 0));
    ASSERT_TRUE(still.moved(vcpu_of(1, 0), Core_id{2}));
    others.homes[vcpu_of(1, 0)] = Core_id{2};
    others.rebalance(still, 20);
    EXPECT_TRUE(others.moves.empty());
}

TEST(Least_loaded_placement, EveryCoreGetsItsShare)
{
    arch::hosted::reset(4);
    Least_loaded_placement placement(4, {});
    std::array<unsigned, 4> homes{};
    for (std::uint32_t vm = 1; vm <= 5; ++vm)
        for (std::uint32_t index = 0; index < 4; ++index)
            ++homes[placement.place(vcpu_of(vm, index), {}, {}).value().value()];
    for (auto count : homes)
        EXPECT_EQ(count, 5u);
}

TEST(Least_loaded_placement, AmongEqualsTheWishedNodeThenThatOfTheVm)
{
    arch::hosted::reset(4, 2);
    Least_loaded_placement placement(4, {});
    EXPECT_EQ(placement.place(vcpu_of(1, 0), {}, {}).value(), Core_id(0));
    EXPECT_EQ(placement.place(vcpu_of(2, 0), Node_id{1}, {}).value(), Core_id(2));
    EXPECT_EQ(placement.place(vcpu_of(2, 1), {}, {}).value(), Core_id(3));
    EXPECT_EQ(placement.place(vcpu_of(3, 0), Node_id{1}, {}).value(), Core_id(1)) << "fewest goes first";
    ASSERT_TRUE(placement.leave(vcpu_of(2, 0)));
    EXPECT_EQ(placement.place(vcpu_of(4, 0), {}, {}).value(), Core_id(2)) << "who leaves makes room";
}

TEST(Least_loaded_placement, MovesUntilNoCoreHasTwoMoreThanAnotherThenRests)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
    {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        arch::hosted::reset(4, 2);
        Least_loaded_placement placement(4, {});
        Placed_vcpus vcpus(4);
        std::mt19937_64 random(seed);
        for (std::uint32_t vm = 1; vm <= 40; ++vm)
            vcpus.add(placement, vcpu_of(vm, 0), {}, random() % 3 == 0);
        vcpus.rebalance(placement, 400);
        auto const loads = vcpus.loads();
        auto const [least, most] = std::ranges::minmax_element(loads, {}, &Core_load::runnable);
        EXPECT_LE(most->runnable, least->runnable + 1);
        EXPECT_LT(vcpus.moves.size(), 400u);
        auto const moved = vcpus.moves.size();
        vcpus.rebalance(placement, 50);
        EXPECT_EQ(vcpus.moves.size(), moved) << "nobody is moved to and fro";
    }
}

TEST(Least_loaded_placement, MovesNoMoreOftenThanTheIntervalAndOnlyWhenItPays)
{
    arch::hosted::reset(2);
    Least_loaded_placement placement(2, {});
    for (std::uint32_t vm = 1; vm <= 6; ++vm)
        ASSERT_TRUE(placement.place(vcpu_of(vm, 0), {}, {}));
    std::array<Core_load, 2> loads{{{Node_id{0}, 3, 3, 1000}, {Node_id{0}, 3, 0, 0}}};
    Ticks const start{1'000'000'000};
    auto const first = placement.rebalance(loads, start).value();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->from, Core_id{0});
    EXPECT_EQ(first->to, Core_id{1});
    EXPECT_FALSE(placement.rebalance(loads, start + Ticks{99'999'999}).value());
    auto const second = placement.rebalance(loads, start + Ticks{100'000'000}).value();
    ASSERT_TRUE(second.has_value());
    EXPECT_NE(second->vcpu, first->vcpu) << "whom the caller could not move is not asked for at once again";
    Ticks const later = start + Ticks{1'000'000'000};
    loads[0].busy_permille = 799;
    EXPECT_FALSE(placement.rebalance(loads, later).value()) << "nobody waits long";
    loads[0].busy_permille = 900;
    loads[1] = {Node_id{0}, 3, 2, 0};
    EXPECT_FALSE(placement.rebalance(loads, later).value()) << "it would only turn it round";
    EXPECT_EQ(placement.rebalance(std::span(loads).first(1), later).error(), Error::invalid);
}

TEST(Node_local_placement, AVmIsOnOneNodeTheEmptiest)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
    {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        arch::hosted::reset(8, 4);
        Node_local_placement placement(8, {});
        std::array<unsigned, 4> on_node{};
        std::array<unsigned, 8> on_core{};
        std::mt19937_64 random(seed);
        for (std::uint32_t vm = 1; vm <= 30; ++vm)
        {
            std::optional<std::uint32_t> node{};
            auto const emptiest = *std::ranges::min_element(on_node);
            auto const count = 1 + random() % 5;
            for (std::uint32_t i = 0; i < count; ++i)
            {
                auto const core = placement.place(vcpu_of(vm, i), {}, {}).value();
                auto const its_node = arch::node_of(core).value();
                if (!node)
                    EXPECT_EQ(on_node[its_node], emptiest);
                EXPECT_EQ(node.value_or(its_node), its_node);
                node = its_node;
                auto const sibling = on_core[core.value() ^ 1];
                EXPECT_LE(on_core[core.value()], sibling) << "the emptier of the node's two cores";
                ++on_core[core.value()];
                ++on_node[its_node];
            }
        }
    }
}

TEST(Node_local_placement, AWishedNodeIsTakenUnlessItHasNoCore)
{
    arch::hosted::reset(4, 2);
    Node_local_placement placement(4, {});
    EXPECT_EQ(arch::node_of(placement.place(vcpu_of(1, 0), Node_id{1}, {}).value()), Node_id{1});
    EXPECT_EQ(arch::node_of(placement.place(vcpu_of(1, 1), Node_id{0}, {}).value()), Node_id{1}) << "together first";
    EXPECT_EQ(arch::node_of(placement.place(vcpu_of(2, 0), Node_id{7}, {}).value()), Node_id{0});
}

TEST(Node_local_placement, BringsStraysHomeAndBalancesInsideOfANodeOnly)
{
    arch::hosted::reset(8, 2);
    Node_local_placement placement(8, {});
    Placed_vcpus vcpus(8);
    for (std::uint32_t vm = 1; vm <= 4; ++vm)
        for (std::uint32_t i = 0; i < 4; ++i)
        {
            vcpus.add(placement, vcpu_of(vm, i), {}, vm == 1);
            // As another policy left them: vcpu 3 of each on the other node, all others on the first core of theirs.
            Core_id const core((i == 3) == (vm % 2 == 0) ? 0 : 4);
            ASSERT_TRUE(placement.moved(vcpu_of(vm, i), core));
            vcpus.homes[vcpu_of(vm, i)] = core;
        }
    vcpus.rebalance(placement, 100);
    std::array<unsigned, 8> running{};
    for (auto const& [vcpu, core] : vcpus.homes)
    {
        EXPECT_EQ(arch::node_of(core).value(), vcpu.vm.value() % 2 == 0 ? 1u : 0u);
        running[core.value()] += vcpu.vm == Vm_id{1};
    }
    EXPECT_LE(*std::ranges::max_element(running), 1u) << "the four that run have a core each";
    unsigned crossings = 0;
    for (auto const& move : vcpus.moves)
        crossings += arch::node_of(move.from) != arch::node_of(move.to);
    EXPECT_EQ(crossings, 4u);
    auto const moved = vcpus.moves.size();
    vcpus.rebalance(placement, 20);
    EXPECT_EQ(vcpus.moves.size(), moved);
}

TEST(Placements, WhatCannotBeIsRefusedAndChangesNothing)
{
    arch::hosted::reset(2);
    Placement_policies policies(2);
    for (std::size_t kind = 0; kind < Placement_policies::kinds; ++kind)
    {
        auto& placement = policies.make(kind);
        EXPECT_EQ(placement.place(vcpu_of(0, 0), {}, {}).error(), Error::out_of_range);
        EXPECT_EQ(placement.place(vcpu_of(256, 0), {}, {}).error(), Error::out_of_range);
        EXPECT_EQ(placement.place(vcpu_of(1, 16), {}, {}).error(), Error::out_of_range);
        ASSERT_TRUE(placement.place(vcpu_of(255, 15), {}, {}));
        EXPECT_EQ(placement.place(vcpu_of(255, 15), {}, {}).error(), Error::exists);
        EXPECT_EQ(placement.leave(vcpu_of(255, 14)).error(), Error::not_found);
        EXPECT_EQ(placement.leave(vcpu_of(0, 0)).error(), Error::not_found);
        EXPECT_EQ(placement.moved(vcpu_of(255, 14), Core_id{0}).error(), Error::not_found);
        EXPECT_EQ(placement.moved(vcpu_of(255, 15), Core_id{2}).error(), Error::out_of_range);
        ASSERT_TRUE(placement.leave(vcpu_of(255, 15)));
        Placement_state state{};
        ASSERT_TRUE(placement.export_state(state));
        EXPECT_EQ(state.homes, Placement_state{}.homes);
    }
}

TEST(Placements, ParametersHaveRanges)
{
    EXPECT_TRUE(Static_placement::check({.first = 3, .stride = 64}, 4));
    EXPECT_EQ(Static_placement::check({.first = 4}, 4).error(), Error::out_of_range);
    EXPECT_EQ(Static_placement::check({.stride = 0}, 4).error(), Error::out_of_range);
    EXPECT_EQ(Static_placement::check({.stride = 65}, 4).error(), Error::out_of_range);
    EXPECT_EQ(Static_placement::check({.interval = Nanoseconds{0}}, 4).error(), Error::out_of_range);
    EXPECT_TRUE(Least_loaded_placement::check({}));
    EXPECT_EQ(Least_loaded_placement::check({.interval = Nanoseconds{999'999}}).error(), Error::out_of_range);
    EXPECT_EQ(Least_loaded_placement::check({.interval = Nanoseconds{10'000'000'001}}).error(), Error::out_of_range);
    EXPECT_EQ(Node_local_placement::check({.busy = 1001}).error(), Error::out_of_range);
    EXPECT_EQ(Node_local_placement::check({.margin = 1}).error(), Error::out_of_range);
    EXPECT_EQ(Node_local_placement::check({.margin = 17}).error(), Error::out_of_range);
}

} // namespace
