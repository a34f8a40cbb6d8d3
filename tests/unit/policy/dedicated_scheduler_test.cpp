#include <gtest/gtest.h>

#include <random>

#include "policy/scheduler/dedicated_scheduler.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"

namespace
{

using namespace ovm;
using policy::Dedicated_scheduler;
using policy::Round_robin_scheduler;
using test::Scheduler_simulator;

TEST(Dedicated_scheduler_test, ItsOwnerRunsWithoutATick)
{
    std::mt19937_64 random(1);
    Scheduler_simulator simulator(test::make_scheduler<Dedicated_scheduler>());
    simulator.add({.budget = Ticks(1000), .period = Ticks(100'000)});
    simulator.also_check = [&]
    {
        if (simulator.until())
            simulator.complain("sets a tick");
    };
    simulator.live(random, 2000, Ticks(1'000'000), true);
    EXPECT_TRUE(simulator.export_only());
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Dedicated_scheduler_test, NobodyElseIsAdmitted)
{
    Scheduler_simulator simulator(test::make_scheduler<Dedicated_scheduler>());
    auto const owner = simulator.make();
    auto const other = simulator.make();
    EXPECT_TRUE(simulator.admit(owner));
    EXPECT_EQ(simulator.admit(other).error(), Error::denied) << "not even while the owner sleeps";
    simulator.leave(owner);
    EXPECT_TRUE(simulator.admit(other));
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Dedicated_scheduler_test, ACoreOfTwoIsNotTakenOver)
{
    Scheduler_simulator simulator(
        test::make_scheduler<Round_robin_scheduler>(Round_robin_scheduler::Parameters{.slice = Ticks(100'000)}));
    simulator.add();
    auto const second = simulator.add();
    simulator.run(Ticks(1'234'567));
    EXPECT_EQ(simulator.swap(test::make_scheduler<Dedicated_scheduler>()).error(), Error::denied);
    simulator.block(second);
    EXPECT_EQ(simulator.swap(test::make_scheduler<Dedicated_scheduler>()).error(), Error::denied) << "it may wake";
    simulator.run(Ticks(1'000'000));
    simulator.leave(second);
    EXPECT_TRUE(simulator.swap(test::make_scheduler<Dedicated_scheduler>()));
    simulator.run(Ticks(1'000'000));
    EXPECT_FALSE(simulator.until());
    EXPECT_TRUE(simulator.export_only());
    EXPECT_EQ(simulator.complaints(), "");
}

} // namespace
