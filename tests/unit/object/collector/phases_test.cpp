#include "object/collector/collector_fixture.hpp"

#include <gtest/gtest.h>

/// The barrier in each intermediate phase: core 0 is in that phase already, core 1 is one behind or not, and the last
/// reference to a node moves to where the mark would not look.
namespace
{

using namespace ovm;
using namespace ovm::object;
using namespace ovm::object::test;

class Phases_test : public testing::Test
{
protected:
    Manual_collection policy{};
    Cores cores{2, policy};
    Quota quota{Bytes{64 << 20}};
    Counting_mourner mourner{};

    /// Core 0's root leads to a holder, the holder to the treasure.
    Node* holder = nullptr;
    Node* treasure = nullptr;

    void SetUp() override
    {
        cores.enter_all();
        holder = cores.make(0, quota, &mourner);
        treasure = cores.make(0, quota, &mourner);
        cores.become(0);
        holder->first = treasure;
        cores.roots[0]->slots[0] = holder;
        cores.leave_all();
    }
    Local_heap& enter(std::uint32_t core)
    {
        cores.become(core).enter();
        return cores.become(core);
    }
    void leave(std::uint32_t core)
    {
        cores.become(core).safe_point();
        cores.heaps[core]->leave();
    }
    Phase phase() const { return cores.collector.step().phase(); }
    void finish() { ASSERT_TRUE(cores.pass_until(Phase::idle, 3)); }
};

TEST_F(Phases_test, ACoreInACrossingHoldsBackEachHandshake)
{
    // It loads references; core 0 sleeps and wakes.
    enter(1);
    cores.collector.begin();
    for (int i = 0; i < 5; ++i)
        cores.pass(0);
    EXPECT_EQ(phase(), Phase::arming);
    // At its safe point it holds none, and as core 0 sleeps, all record: one handshake is over, the next begins.
    cores.become(1).safe_point();
    EXPECT_EQ(phase(), Phase::greying);
    enter(0);
    cores.become(1).safe_point();
    EXPECT_EQ(phase(), Phase::marking) << "core 0 has adopted it as it entered";
    leave(0);
    leave(1);
    for (int i = 0; i < 5; ++i)
        cores.pass(0);
    EXPECT_EQ(phase(), Phase::marking) << "core 1 has not looked at its roots";
    finish();
    EXPECT_EQ(mourner.ends, 0u);
}

TEST_F(Phases_test, OnlyAMarkMakesTheBarrierRecord)
{
    auto records = [&](std::uint32_t core)
    {
        cores.become(core);
        return arch::core_window().records_deletions;
    };
    enter(0);
    EXPECT_FALSE(records(0));
    cores.collector.begin();
    cores.become(0).safe_point();
    EXPECT_TRUE(records(0));
    leave(0);
    EXPECT_FALSE(records(1)) << "it adopts at its own safe point";
    enter(1);
    EXPECT_TRUE(records(1));
    leave(1);
    ASSERT_TRUE(cores.pass_until(Phase::closing));
    for (std::uint32_t core : {0, 1})
    {
        enter(core);
        EXPECT_FALSE(records(core));
        leave(core);
    }
    finish();
}

TEST_F(Phases_test, ATreasureMovedBeforeAllRecordIsKept)
{
    // Core 1 loads it and core 0 drops the reference, both before they have heard of the collection; core 1 holds it on
    // its stack through the first handshake, and may not get through the second.
    enter(1);
    auto* const held = holder->first.get();
    enter(0);
    cores.collector.begin();
    holder->first = nullptr;
    leave(0);
    cores.pass(0);
    EXPECT_EQ(phase(), Phase::arming);
    cores.become(1);
    auto* const fresh = cores.make(1, quota, &mourner);
    fresh->first = held;
    cores.roots[1]->slots[0] = fresh;
    leave(1);
    finish();
    EXPECT_EQ(mourner.ends, 0u);
    EXPECT_EQ(cores.roots[1]->slots[0]->first->canary, Node{}.canary);
}

TEST_F(Phases_test, ATreasureMovedToAnObjectBornWhileArmingIsKept)
{
    enter(0);
    enter(1);
    auto* const held = holder->first.get();
    cores.become(0);
    holder->first = nullptr; // nobody records yet
    cores.collector.begin();
    leave(0); // core 0 records
    cores.become(1);
    auto* const fresh = cores.make(1, quota, &mourner);
    fresh->first = held;
    cores.roots[1]->slots[0] = fresh;
    leave(1); // core 1 records: greying, then marking
    finish();
    EXPECT_EQ(mourner.ends, 0u);
    ASSERT_TRUE(cores.collect());
    EXPECT_EQ(cores.roots[1]->slots[0]->first->canary, Node{}.canary);
}

TEST_F(Phases_test, WhatACoreBehindStoresInAnObjectBornAheadIsKept)
{
    enter(0);
    enter(1);
    cores.collector.begin();
    cores.become(1).safe_point();
    cores.become(0).safe_point();
    ASSERT_EQ(cores.heaps[0]->adopted().phase(), Phase::greying);
    ASSERT_EQ(cores.heaps[1]->adopted().phase(), Phase::arming);
    cores.become(0);
    cores.roots[0]->slots[5] = cores.make(0, quota, &mourner);
    cores.become(1);
    cores.roots[0]->slots[5]->others[0] = cores.make(1, quota, &mourner);
    leave(1);
    leave(0);
    finish();
    EXPECT_EQ(mourner.ends, 0u);
    EXPECT_EQ(cores.roots[0]->slots[5]->others[0]->canary, Node{}.canary);
}

TEST_F(Phases_test, ATreasureMovedBehindTheMarkIsKept)
{
    cores.collector.begin();
    ASSERT_TRUE(cores.pass_until(Phase::marking));
    // Core 1 has looked at all its roots and is idle; then the last reference moves there.
    cores.pass(1);
    enter(1);
    cores.roots[1]->slots[0] = holder->first.get();
    holder->first = nullptr;
    leave(1);
    finish();
    EXPECT_EQ(mourner.ends, 0u);
    EXPECT_EQ(cores.roots[1]->slots[0]->canary, Node{}.canary);
}

TEST_F(Phases_test, ATreasureMovedIntoABlackObjectIsKept)
{
    cores.collector.begin();
    ASSERT_TRUE(cores.pass_until(Phase::marking));
    enter(1);
    auto* const black = cores.make(1, quota, &mourner); // born marked, never looked at
    black->others[1] = holder->first.get();
    holder->first = nullptr;
    cores.roots[1]->slots[5] = black;
    leave(1);
    finish();
    EXPECT_EQ(mourner.ends, 0u);
    EXPECT_EQ(cores.roots[1]->slots[5]->others[1]->canary, Node{}.canary);
}

TEST_F(Phases_test, AMarkDoesNotEndBetweenTwoLooksAtACoreThatWakesUp)
{
    cores.collector.begin();
    ASSERT_TRUE(cores.pass_until(Phase::marking));
    // Core 0 stops before it has looked at the treasure; core 1 is done and asks for the end, again and again.
    enter(0);
    cores.become(0).safe_point();
    for (int i = 0; i < 3; ++i)
        cores.pass(1);
    EXPECT_EQ(phase(), Phase::marking);
    // Core 1 becomes active by its own barrier alone.
    enter(1);
    holder->first = nullptr;
    EXPECT_EQ(cores.heaps[1]->marker().counters().activity & 1, 1u);
    cores.become(0).run_slice(Work(1'000'000));
    cores.become(0).safe_point();
    cores.become(0).safe_point();
    EXPECT_EQ(phase(), Phase::marking);
    leave(1);
    finish();
    EXPECT_EQ(mourner.ends, 0u) << "it was there when the mark began; the next collection takes it";
    ASSERT_TRUE(cores.collect());
    EXPECT_EQ(mourner.ends, 1u);
}

TEST_F(Phases_test, WhatIsBornInAnyPhaseLives)
{
    for (auto const at : {Phase::idle, Phase::arming, Phase::greying, Phase::marking, Phase::closing, Phase::sweeping})
    {
        if (at != Phase::idle)
            cores.collector.begin();
        while (phase() != at)
        {
            cores.pass(0, 1);
            if (phase() != at)
                cores.pass(1, 1);
        }
        for (std::uint32_t core : {0, 1})
        {
            enter(core);
            auto& slot = cores.roots[core]->slots[static_cast<std::size_t>(at) + 1];
            slot = cores.make(core, quota, &mourner);
            slot->first = cores.make(core, quota, &mourner);
            slot->first->others[0] = treasure;
            leave(core);
        }
        finish();
        EXPECT_EQ(mourner.ends, 0u) << to_text(at);
    }
    ASSERT_TRUE(cores.collect());
    EXPECT_EQ(mourner.ends, 0u);
}

TEST_F(Phases_test, NothingIsFreedBeforeTheEpochAfterTheMark)
{
    cores.become(0);
    cores.roots[0]->slots[0] = nullptr;
    cores.collector.begin();
    ASSERT_TRUE(cores.pass_until(Phase::closing));
    enter(1);
    cores.heaps[1]->safe_point();
    leave(1);
    enter(1);
    for (int i = 0; i < 5; ++i)
        cores.pass(0);
    EXPECT_GE(static_cast<int>(phase()), static_cast<int>(Phase::sweeping)) << "core 1 has passed the epoch";
    leave(1);
    finish();
    EXPECT_EQ(mourner.ends, 2u);

    cores.collector.begin();
    enter(1);
    ASSERT_TRUE(
        [&]
        {
            for (int i = 0; i < 100; ++i)
            {
                cores.become(1).safe_point();
                cores.become(1).run_slice(Work(100));
                if (phase() == Phase::closing)
                    return true;
                cores.pass(0);
                if (phase() == Phase::closing)
                    return true;
            }
            return false;
        }());
    // Core 1 is in a crossing since before: the sweep waits for it.
    if (cores.heaps[1]->adopted().phase() != Phase::closing)
    {
        for (int i = 0; i < 5; ++i)
            cores.pass(0);
        EXPECT_EQ(phase(), Phase::closing);
    }
    leave(1);
    finish();
}

} // namespace
