#include "policy/frames/frames_fixture.hpp"

namespace
{

using namespace ovm;
using namespace ovm::memory;
using namespace ovm::policy;

/// 2 MiB blocks that a long day leaves whole.
template <typename Policy>
std::uint64_t whole_after_load(std::uint32_t nodes, std::uint64_t seed)
{
    Frames_machine machine(nodes, Bytes{128 << 20});
    Frames_by<Policy> frames(machine.pool);
    Frame_load load(*frames, nodes, seed);
    auto const all = machine.pool.free();
    load.take_until(all * 6 / 10);
    load.give_until(all * 2 / 10);
    load.churn(200'000);
    return machine.pool.free_in_blocks(large_order).value() >> large_order.value();
}

TEST(Huge_first_frames, LeavesMoreWholeBlocksThanFirstTouch)
{
    for (std::uint64_t seed = 1; seed <= 2; ++seed)
    {
        auto const alone = whole_after_load<Huge_first_frames>(1, seed);
        auto const alone_first = whole_after_load<First_touch_frames>(1, seed);
        EXPECT_GE(alone * 10, alone_first * 13) << "seed " << seed << ": " << alone << " beside " << alone_first;
        auto const two = whole_after_load<Huge_first_frames>(2, seed);
        auto const two_first = whole_after_load<First_touch_frames>(2, seed);
        EXPECT_GE(two * 10, two_first * 12) << "seed " << seed << ": " << two << " beside " << two_first;
    }
}

TEST(Huge_first_frames, ABrokenBlockOnTheNextNodeServesBeforeAWholeOneIsBroken)
{
    Frames_machine machine(3);
    auto const whole = machine.pool.free_in_blocks(huge_order);
    EXPECT_EQ(whole, Pages(std::uint64_t{3} << 18)) << "the bookkeeping broke the other of each node";
    // Node 1 has nothing left but its whole block of 1 GiB.
    while (machine.pool.allocate(Node_id{1}, small_order, {.largest = Page_order{17}}))
        continue;
    Frames_by<Huge_first_frames> frames(machine.pool);
    Frames_by<First_touch_frames> first_touch(machine.pool);
    EXPECT_EQ(Frames_machine::node_of(frames->allocate(small_order, Node_id{1}).value()), 2u);
    EXPECT_EQ(Frames_machine::node_of(frames->allocate(large_order, Node_id{1}).value()), 2u);
    EXPECT_EQ(machine.pool.free_in_blocks(huge_order), whole);
    EXPECT_EQ(Frames_machine::node_of(frames->allocate(huge_order, Node_id{1}).value()), 1u)
        << "who needs it gets it where it was wished";
    EXPECT_EQ(Frames_machine::node_of(first_touch->allocate(huge_order, Node_id{1}).value()), 2u);
}

TEST(Huge_first_frames, OutOfReachItBreaksItsOwn)
{
    Frames_machine machine(3);
    while (machine.pool.allocate(Node_id{1}, small_order, {.largest = Page_order{17}}))
        continue;
    Frames_by<Huge_first_frames> frames(machine.pool, {.reach = 0});
    auto const whole = machine.pool.free_in_blocks(huge_order);
    EXPECT_EQ(Frames_machine::node_of(frames->allocate(small_order, Node_id{1}).value()), 1u);
    EXPECT_EQ(machine.pool.free_in_blocks(huge_order), whole - Pages{1 << 18});
}

TEST(Huge_first_frames, GivesEverythingThatThereIs)
{
    Frames_machine machine(2, Bytes{8 << 20});
    Frames_by<Huge_first_frames> frames(machine.pool);
    auto const before = frames->free();
    std::vector<Host_physical> taken;
    for (auto frame = frames->allocate(small_order, Node_id{0}); frame;
         frame = frames->allocate(small_order, Node_id{0}))
        taken.push_back(*frame);
    EXPECT_EQ(taken.size(), before.value());
    EXPECT_EQ(frames->allocate(small_order, Node_id{1}).error(), Error::no_memory);
    for (auto const frame : taken)
        frames->release(frame, small_order);
    EXPECT_EQ(frames->free(), before);
}

TEST(Huge_first_frames, AmongEqualsSmallBlocksComeFromBelowAndLargeOnesFromAbove)
{
    Frames_machine machine(1);
    Frames_by<Huge_first_frames> frames(machine.pool, {.reach = 0, .look = 8});
    Frames_by<First_touch_frames> first_touch(machine.pool);
    for (auto const order : {small_order, large_order})
    {
        // Every other one of 16 in a row goes back, in any order: none of them joins.
        std::vector<Host_physical> row;
        auto const all = first_touch->allocate(Page_order(static_cast<std::uint8_t>(order.value() + 4)), Node_id{0});
        frames->split(all.value(), Page_order(static_cast<std::uint8_t>(order.value() + 4)), order);
        for (unsigned i = 1; i < 16; i += 2)
            row.push_back(*all + size_of(order) * i);
        while (machine.pool.allocate(Node_id{0}, order, {.largest = order}))
            continue;
        std::vector<Host_physical> shuffled(row);
        std::ranges::shuffle(shuffled, std::mt19937_64(3));
        for (auto const frame : shuffled)
            frames->release(frame, order);
        EXPECT_EQ(frames->allocate(order, Node_id{0}).value(), order == small_order ? row.front() : row.back());
        EXPECT_EQ(frames->allocate(order, Node_id{0}).value(), order == small_order ? row[1] : row[row.size() - 2]);
    }
}

TEST(Huge_first_frames, ParametersHaveRanges)
{
    EXPECT_TRUE(Huge_first_frames::check({}));
    EXPECT_TRUE(Huge_first_frames::check({.reach = 7, .look = 64}));
    EXPECT_EQ(Huge_first_frames::check({.reach = 8}).error(), Error::out_of_range);
    EXPECT_EQ(Huge_first_frames::check({.look = 0}).error(), Error::out_of_range);
    EXPECT_EQ(Huge_first_frames::check({.look = 65}).error(), Error::out_of_range);
}

} // namespace
