#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>

#include "policy/scheduler/fair_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"
#include "stride/stride.hpp"

namespace
{

using namespace ovm;
using modules::Stride;
using test::Scheduler_simulator;

constexpr Ticks slice{1'000'000};

test::Shared_scheduler stride()
{
    std::array const values{slice.value()};
    return std::make_shared<Stride>(object::Values(values));
}

TEST(Stride_test, OneAloneRunsWithoutEnd)
{
    Scheduler_simulator simulator(stride());
    simulator.add();
    simulator.run(slice * 1000);
    EXPECT_FALSE(simulator.until());
    EXPECT_EQ(simulator.trace().size(), 1u);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Stride_test, SharesFollowWeightsWithinASlice)
{
    Scheduler_simulator simulator(stride());
    for (std::uint32_t const weight : {100u, 200u, 400u})
        simulator.add({.weight = weight});
    simulator.run(slice * 7000);
    for (unsigned i = 0; i < 3; ++i)
        EXPECT_NEAR(static_cast<double>(simulator.served(i).value()), 1e9 * (1 << i), 2e6) << i;
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Stride_test, SleepEarnsNothing)
{
    Scheduler_simulator simulator(stride());
    auto const busy = simulator.add();
    auto const sleeper = simulator.add();
    simulator.block(sleeper);
    simulator.run(slice * 1000);
    auto const before = simulator.served(busy);
    simulator.wake(sleeper);
    simulator.run(slice * 100);
    EXPECT_NEAR(static_cast<double>((simulator.served(busy) - before).value()), 50e6, 2e6);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Stride_test, TakesNoMoreThanItHasRoomFor)
{
    Scheduler_simulator simulator(stride());
    for (unsigned i = 0; i < modules::Vcpu_table<>::most; ++i)
        simulator.add();
    EXPECT_EQ(simulator.admit(simulator.make()).error(), Error::denied);
    simulator.leave(3);
    EXPECT_TRUE(simulator.admit(simulator.make()));
    simulator.run(slice * 200);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Stride_test, LivesByChance)
{
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
    {
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(stride());
        for (unsigned i = 0; i < 9; ++i)
            simulator.add({.weight = 1 + static_cast<std::uint32_t>(random() % 10'000)});
        simulator.live(random, 500, slice, true);
        ASSERT_EQ(simulator.complaints(), "") << "seed " << seed;
    }
}

/// What a vcpu is owed comes back from fair as it was given, to the rounding of both.
TEST(Stride_test, HandsOverToFairAndBack)
{
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
    {
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(stride());
        for (unsigned i = 0; i < 5; ++i)
            simulator.add({.weight = 50 + static_cast<std::uint32_t>(random() % 200)});
        simulator.live(random, 300, slice);
        ASSERT_TRUE(simulator.export_only());
        std::array<std::int64_t, 5> lags{};
        for (unsigned i = 0; i < 5; ++i)
            lags[i] = simulator.account(i).lag;
        ASSERT_TRUE(simulator.swap(
            test::make_scheduler<policy::Fair_scheduler>(policy::Fair_scheduler::Parameters{.slice = slice})));
        ASSERT_TRUE(simulator.swap(stride()));
        ASSERT_TRUE(simulator.export_only());
        for (unsigned i = 0; i < 5; ++i)
        {
            if (simulator.runnable(i))
                EXPECT_NEAR(static_cast<double>(simulator.account(i).lag), static_cast<double>(lags[i]), 2e6)
                    << "seed " << seed;
        }
        simulator.live(random, 100, slice);
        ASSERT_EQ(simulator.complaints(), "") << "seed " << seed;
    }
}

TEST(Stride_test, SaysThatItKeepsNoReservation)
{
    Scheduler_simulator simulator(
        test::make_scheduler<policy::Fair_scheduler>(policy::Fair_scheduler::Parameters{.slice = slice}));
    simulator.add({.budget = Ticks(10'000), .period = Ticks(100'000)});
    ASSERT_TRUE(simulator.swap(stride()));
    EXPECT_TRUE(simulator.lost() & processor::Scheduler_state::reservation);
}

} // namespace
