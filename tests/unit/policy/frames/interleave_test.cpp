#include "policy/frames/frames_fixture.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;
using namespace ovm::policy;

TEST(Interleave_frames, EveryNodeGivesAsMuchAsTheOthersInEachOrder)
{
    constexpr std::uint32_t nodes = 3;
    Frames_machine machine(nodes);
    Frames_by<Interleave_frames> frames(machine.pool);
    std::array<std::array<unsigned, nodes>, page_orders> given{};
    std::mt19937_64 random(11);
    for (int i = 0; i < 3000; ++i)
    {
        Page_order const order(static_cast<std::uint8_t>(random() % 10 == 0 ? 9 : random() % 3));
        auto const frame = frames->allocate(order, Node_id{static_cast<std::uint32_t>(random() % nodes)});
        ASSERT_TRUE(frame);
        ++given[order.value()][Frames_machine::node_of(*frame)];
        auto const& row = given[order.value()];
        ASSERT_LE(*std::ranges::max_element(row) - *std::ranges::min_element(row), 1u) << "step " << i;
    }
}

TEST(Interleave_frames, WhatANodeLacksTheNextOnesGive)
{
    Frames_machine machine(2, Bytes{8 << 20});
    Frames_by<Interleave_frames> frames(machine.pool);
    while (machine.pool.allocate(Node_id{0}, small_order))
        continue;
    auto const left = frames->free();
    for (std::uint64_t i = 0; i < left.value(); ++i)
        ASSERT_EQ(Frames_machine::node_of(frames->allocate(small_order, Node_id{0}).value()), 1u);
    EXPECT_EQ(frames->allocate(small_order, Node_id{0}).error(), Error::no_memory);
}

TEST(Interleave_frames, OnlyTheNamedNodesTakeTurnsWhileTheyHaveAnything)
{
    Frames_machine machine(4, Bytes{8 << 20});
    Frames_by<Interleave_frames> frames(machine.pool, {.nodes = 0b1010});
    auto const theirs = machine.pool.free(Node_id{1}) + machine.pool.free(Node_id{3});
    for (std::uint64_t i = 0; i < theirs.value(); ++i)
        ASSERT_EQ(Frames_machine::node_of(frames->allocate(small_order, Node_id{0}).value()), i % 2 == 0 ? 1u : 3u);
    EXPECT_EQ(Frames_machine::node_of(frames->allocate(small_order, Node_id{3}).value()), 0u);
}

TEST(Interleave_frames, ParametersHaveRanges)
{
    Frames_machine machine(2, Bytes{8 << 20});
    EXPECT_TRUE(Interleave_frames::check({}, machine.pool));
    EXPECT_TRUE(Interleave_frames::check({.nodes = 2}, machine.pool));
    EXPECT_EQ(Interleave_frames::check({.nodes = 0x100}, machine.pool).error(), Error::out_of_range);
    EXPECT_EQ(Interleave_frames::check({.nodes = 0}, machine.pool).error(), Error::invalid);
    EXPECT_EQ(Interleave_frames::check({.nodes = 4}, machine.pool).error(), Error::invalid) << "no such node here";
}

TEST(First_touch_frames, TheWishedNodeThenTheNextOnes)
{
    Frames_machine machine(3, Bytes{8 << 20});
    Frames_by<First_touch_frames> frames(machine.pool);
    for (std::uint32_t const node : {1u, 2u, 0u})
    {
        auto const there = machine.pool.free(Node_id(node));
        for (std::uint64_t i = 0; i < there.value(); ++i)
            ASSERT_EQ(Frames_machine::node_of(frames->allocate(small_order, Node_id{1}).value()), node);
    }
    EXPECT_EQ(frames->allocate(small_order, Node_id{1}).error(), Error::no_memory);
}

TEST(First_touch_frames, ReachBoundsHowFarFromHome)
{
    Frames_machine machine(3, Bytes{8 << 20});
    Frames_by<First_touch_frames> strict(machine.pool, {.reach = 0});
    while (strict->allocate(small_order, Node_id{1}))
        continue;
    EXPECT_EQ(machine.pool.free(Node_id{1}), Pages{0});
    EXPECT_EQ(machine.pool.free(Node_id{0}), machine.pool.free(Node_id{2}));
    Frames_by<First_touch_frames> one(machine.pool, {.reach = 1});
    EXPECT_EQ(Frames_machine::node_of(one->allocate(small_order, Node_id{1}).value()), 2u);
    EXPECT_TRUE(First_touch_frames::check({.reach = 7}));
    EXPECT_EQ(First_touch_frames::check({.reach = 8}).error(), Error::out_of_range);
}

TEST(Frame_pool, ANodeWithoutMemoryGivesNothing)
{
    arch::hosted::reset(3, 3);
    Frame_pool pool;
    for (std::uint32_t const node : {0u, 2u})
    {
        std::array const range{Range<Host_physical>{Frames_machine::begin_of(node), Bytes{8 << 20}}};
        ASSERT_TRUE(pool.open_node(Node_id(node), range));
    }
    EXPECT_EQ(pool.nodes(), 3u);
    EXPECT_EQ(pool.allocate(Node_id{1}, small_order).error(), Error::no_memory);
    Frames_by<First_touch_frames> frames(pool);
    EXPECT_EQ(Frames_machine::node_of(frames->allocate(small_order, Node_id{1}).value()), 2u);
}

} // namespace
