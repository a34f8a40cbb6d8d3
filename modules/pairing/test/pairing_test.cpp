#include <gtest/gtest.h>

#include <array>
#include <random>

#include "pairing/pairing.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"

namespace ovm::test
{
namespace
{

constexpr Ticks slice{1'000};

Shared_scheduler pairing()
{
    std::array const values{slice.value()};
    return std::make_shared<modules::Pairing>(object::Values(values));
}

} // namespace

TEST(Pairing, TheOneThatWasWokenGetsTheRestOfTheTurn)
{
    Scheduler_simulator simulator(pairing());
    auto const asks = simulator.add();
    auto const replies = simulator.add();
    simulator.add();
    simulator.block(replies);
    simulator.turn(Ticks(100));
    ASSERT_EQ(simulator.current(), static_cast<int>(asks));
    simulator.wake(replies);
    simulator.block(asks);
    simulator.choose_now();
    EXPECT_EQ(simulator.current(), static_cast<int>(replies));
    EXPECT_EQ(*simulator.until(), Ticks(5000) + slice);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Pairing, APairGetsNoMoreThanATurn)
{
    Scheduler_simulator simulator(pairing());
    auto turn = simulator.add();
    auto other = simulator.add();
    auto const computes = simulator.add();
    simulator.block(other);
    for (unsigned i = 0; i < 10'000; ++i)
    {
        simulator.turn(Ticks(50));
        if (simulator.current() != static_cast<int>(turn))
            continue;
        simulator.wake(other);
        simulator.block(turn);
        std::swap(turn, other);
    }
    auto const all = simulator.now() - Ticks(5000);
    EXPECT_NEAR(static_cast<double>(simulator.served(computes).value()) / static_cast<double>(all.value()), 0.5, 0.05);
    EXPECT_LE(simulator.longest_wait(computes), slice * 2);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Pairing, EveryoneGetsTheSame)
{
    Scheduler_simulator simulator(pairing());
    for (unsigned count = 0; count < 4; ++count)
        simulator.add();
    simulator.run(slice * 400);
    for (unsigned who = 0; who < 4; ++who)
        EXPECT_EQ(simulator.served(who), slice * 100);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Pairing, LivesThroughAnythingAndHandsOver)
{
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
    {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(pairing());
        for (unsigned count = 0; count < 8; ++count)
            simulator.add();
        simulator.live(random, 300, slice * 2, true);
        ASSERT_TRUE(simulator.swap(
            make_scheduler<policy::Round_robin_scheduler>(policy::Round_robin_scheduler::Parameters{.slice = slice})));
        simulator.live(random, 50, slice * 2, true);
        ASSERT_TRUE(simulator.swap(pairing()));
        simulator.live(random, 300, slice * 2, true);
        ASSERT_EQ(simulator.complaints(), "");
    }
}

TEST(Pairing, SaysThatItKeepsNoReservation)
{
    Scheduler_simulator simulator(
        make_scheduler<policy::Round_robin_scheduler>(policy::Round_robin_scheduler::Parameters{.slice = slice}));
    simulator.add({.budget = Ticks(10), .period = Ticks(1000)});
    ASSERT_TRUE(simulator.swap(pairing()));
    EXPECT_TRUE(simulator.lost() & processor::Scheduler_state::reservation);
}

} // namespace ovm::test
