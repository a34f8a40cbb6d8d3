#include <gtest/gtest.h>

#include <random>

#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"

namespace
{

using namespace ovm;
using policy::Deadline_scheduler;
using processor::Scheduling_parameters;
using test::Scheduler_simulator;

constexpr Ticks slice{1'000'000};

test::Shared_scheduler deadline(std::uint32_t bound = Deadline_scheduler::default_bound, Ticks length = slice)
{
    return test::make_scheduler<Deadline_scheduler>(Deadline_scheduler::Parameters{.slice = length, .bound = bound});
}

constexpr Scheduling_parameters reservation(std::uint64_t budget, std::uint64_t period)
{
    return {.budget = Ticks(budget), .period = Ticks(period)};
}

/// After each choice: nobody has budget left beyond its deadline.
void check_deadlines(Scheduler_simulator& simulator)
{
    simulator.also_check = [&]
    {
        for (unsigned i = 0; i < simulator.count(); ++i)
        {
            auto const& account = simulator.account(i);
            if (simulator.runnable(i) && account.budget_left != Ticks(0) && account.deadline < simulator.now())
                simulator.complain("vcpu " + std::to_string(i) + " missed its deadline by " +
                                   std::to_string((simulator.now() - account.deadline).value()) + " with a budget of " +
                                   std::to_string(account.budget_left.value()));
        }
    };
}

TEST(Deadline_scheduler_test, ParametersHaveRanges)
{
    EXPECT_TRUE(Deadline_scheduler::check({.slice = slice}));
    EXPECT_TRUE(Deadline_scheduler::check({.slice = slice, .bound = 1}));
    EXPECT_TRUE(Deadline_scheduler::check({.slice = slice, .bound = 990}));
    EXPECT_EQ(Deadline_scheduler::check({.slice = slice, .bound = 0}).error(), Error::out_of_range);
    EXPECT_EQ(Deadline_scheduler::check({.slice = slice, .bound = 991}).error(), Error::out_of_range);
    EXPECT_EQ(Deadline_scheduler::check({.slice = Ticks(999)}).error(), Error::out_of_range);
    EXPECT_DEATH(Deadline_scheduler({.slice = slice, .bound = 1000}), "precondition");
}

TEST(Deadline_scheduler_test, ReservationsThatMakeNoSenseAreRefused)
{
    Scheduler_simulator simulator(deadline());
    for (auto const& bad : {reservation(200'000, 100'000), reservation(1, 0), reservation(1, 9'999),
                            reservation(1, std::uint64_t{1} << 36), reservation(~std::uint64_t{0}, ~std::uint64_t{0})})
        EXPECT_EQ(simulator.admit(simulator.make(bad)).error(), Error::invalid);
    EXPECT_EQ(simulator.residents().count(), 0u);
}

/// 4 s, as long as a VM's period may be, of a counter at 10 GHz.
TEST(Deadline_scheduler_test, TheLongestPeriodsAreKept)
{
    constexpr std::uint64_t period = 40'000'000'000;
    Scheduler_simulator simulator(deadline(950));
    auto const half = simulator.make(reservation(period / 2, period));
    ASSERT_TRUE(simulator.admit(half));
    EXPECT_EQ(simulator.admit(simulator.make(reservation(period / 2, period))).error(), Error::denied);
    EXPECT_TRUE(simulator.admit(simulator.make(reservation(period / 100 * 45, period))));
    simulator.wake(half);
    simulator.run(Ticks(period / 4));
    auto const deadline = simulator.account(half).deadline;
    simulator.block(half);
    EXPECT_EQ(simulator.account(half).budget_left, Ticks(period / 4));
    simulator.wake(half); // a quarter of the work is left for three quarters of the time
    EXPECT_EQ(simulator.account(half).budget_left, Ticks(period / 4));
    EXPECT_EQ(simulator.account(half).deadline, deadline);
}

TEST(Deadline_scheduler_test, WhatExceedsTheBoundIsRefused)
{
    Scheduler_simulator simulator(deadline(950));
    for (unsigned i = 0; i < 19; ++i)
        EXPECT_TRUE(simulator.admit(simulator.make(reservation(5'000, 100'000)))) << "what fits exactly, is admitted";
    EXPECT_EQ(simulator.admit(simulator.make(reservation(10, 10'000))).error(), Error::denied);
    EXPECT_TRUE(simulator.admit(simulator.make())) << "without a reservation there is always room";
    simulator.leave(7);
    EXPECT_TRUE(simulator.admit(simulator.make(reservation(51, 1'000'000))));
    EXPECT_EQ(simulator.admit(simulator.make(reservation(5'000, 100'000))).error(), Error::denied);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Deadline_scheduler_test, OneAloneRunsWithoutEnd)
{
    Scheduler_simulator simulator(deadline());
    simulator.add(reservation(10'000, 100'000));
    simulator.run(slice * 100);
    EXPECT_EQ(simulator.trace().size(), 1u) << "a core with nothing else to do is not taken from it";
    EXPECT_EQ(simulator.complaints(), "");
}

/// Hogs with reservations beside hogs without: in every period each gets its budget, and no more.
TEST(Deadline_scheduler_test, EachPeriodBringsExactlyTheBudget)
{
    Scheduler_simulator simulator(deadline());
    struct Reserved
    {
        std::uint64_t budget, period;
        Ticks before{};
    };
    std::vector<Reserved> reserved{{20'000, 100'000}, {300'000, 1'000'000}, {70'000, 350'000}, {80'000, 400'000}};
    for (auto const& each : reserved)
        simulator.add(reservation(each.budget, each.period));
    simulator.add();
    simulator.add();
    check_deadlines(simulator);
    auto const start = simulator.now();
    for (unsigned step = 1; step <= 20'000; ++step)
    {
        simulator.run(Ticks(10'000));
        auto const time = simulator.now() - start;
        for (unsigned i = 0; i < reserved.size(); ++i)
        {
            if (time.value() % reserved[i].period != 0)
                continue;
            ASSERT_EQ(simulator.served(i) - reserved[i].before, Ticks(reserved[i].budget)) << "vcpu " << i;
            reserved[i].before = simulator.served(i);
        }
    }
    // 10% are left for the two without.
    for (unsigned const i : {4u, 5u})
        EXPECT_NEAR(static_cast<double>(simulator.served(i).value()), 200e6 * 0.05, 2e6);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Deadline_scheduler_test, WhoHasUsedItsBudgetUpRunsOnlyWhenTheCoreWouldIdle)
{
    Scheduler_simulator simulator(deadline());
    auto const reserved = simulator.add(reservation(10'000, 100'000));
    auto const other = simulator.add();
    simulator.run(Ticks(1'000'000));
    EXPECT_EQ(simulator.served(reserved), Ticks(100'000));
    simulator.block(other);
    simulator.run(Ticks(1'000'000));
    EXPECT_EQ(simulator.served(reserved), Ticks(1'100'000));
    simulator.wake(other);
    simulator.run(Ticks(1'000'000));
    EXPECT_NEAR(static_cast<double>(simulator.served(reserved).value()), 1'200'000, 20'000);
    EXPECT_EQ(simulator.complaints(), "");
}

/// The rule for who wakes: no pattern of sleep lets it take more than its share over any stretch, but for one budget.
TEST(Deadline_scheduler_test, SleepingGainsNothing)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
    {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(deadline());
        auto const reserved = simulator.add(reservation(50'000, 200'000));
        simulator.add();
        auto const start = simulator.now();
        for (unsigned i = 0; i < 3000; ++i)
        {
            simulator.run(Ticks(random() % 30'000));
            if (!simulator.runnable(reserved))
                simulator.wake(reserved);
            else if (random() % 2 == 0)
                simulator.block(reserved);
            auto const time = static_cast<double>((simulator.now() - start).value());
            ASSERT_LE(static_cast<double>(simulator.served(reserved).value()), time / 4 + 2 * 50'000);
        }
        EXPECT_EQ(simulator.complaints(), "");
    }
}

/// Whoever comes, goes, sleeps and wakes.
TEST(Deadline_scheduler_test, NoDeadlineIsMissedInRandomLives)
{
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
    {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(deadline(990, Ticks(10'000 + random() % 1'000'000)));
        check_deadlines(simulator);
        auto const count = 2 + static_cast<unsigned>(random() % 20);
        for (unsigned i = 0; i < count; ++i)
        {
            auto const period = 10'000 + random() % 2'000'000;
            auto const budget = random() % 4 == 0 ? 0 : 1 + random() % (2 * period / count);
            if (auto const who = simulator.make(reservation(std::min(budget, period), period)); simulator.admit(who))
                simulator.wake(who);
        }
        simulator.live(random, 3000, Ticks(200'000), true);
        ASSERT_EQ(simulator.complaints(), "");
    }
}

TEST(Deadline_scheduler_test, TwoHundredGetTheirBudgets)
{
    Scheduler_simulator simulator(deadline());
    check_deadlines(simulator);
    for (unsigned i = 0; i < 150; ++i)
        simulator.add(reservation(6'000, 1'000'000));
    for (unsigned i = 0; i < 50; ++i)
        simulator.add();
    simulator.run(Ticks(100'000'000)); // 100 periods, in all of which 150 budgets are renewed at once
    for (unsigned i = 0; i < 150; ++i)
        EXPECT_EQ(simulator.served(i), Ticks(600'000)) << i;
    simulator.run(Ticks(900'000'000));
    for (unsigned i = 150; i < 200; ++i)
        EXPECT_NEAR(static_cast<double>(simulator.served(i).value()), 2'000'000, 1'000'000) << i;
    EXPECT_EQ(simulator.complaints(), "");
}

/// One choice later than all periods of so many have begun, who had used up their budgets.
Scheduler_simulator renewing(unsigned due)
{
    Scheduler_simulator simulator(deadline());
    for (unsigned i = 0; i < due; ++i)
        simulator.add(reservation(10'000, 1'000'000));
    simulator.run(Ticks(300'000)); // all have used up what they have
    simulator.be_late(Ticks(1'200'000));
    simulator.choose_now();
    return simulator;
}

TEST(Deadline_scheduler_test, AChoiceRenewsSixteenBesideWhoRuns)
{
    auto simulator = renewing(17);
    EXPECT_GT(simulator.until(), simulator.now());
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Deadline_scheduler_test, WhoIsDueBeyondAChoiceIsSeenToAtOnce)
{
    auto simulator = renewing(18);
    EXPECT_EQ(simulator.until(), simulator.now());
    simulator.choose_now();
    EXPECT_GT(simulator.until(), simulator.now());
    EXPECT_EQ(simulator.complaints(), "");
}

/// Who runs, when another one wakes with that period as the first one, whose period is 100'000, has begun to run.
int runs_beside(std::uint64_t period)
{
    Scheduler_simulator simulator(deadline());
    simulator.add(reservation(10'000, 100'000));
    simulator.choose_now();
    simulator.add(reservation(1'000, period));
    simulator.choose_now();
    EXPECT_EQ(simulator.complaints(), "");
    return simulator.current();
}

TEST(Deadline_scheduler_test, TheEarlierDeadlineGoesFirst)
{
    EXPECT_EQ(runs_beside(99'999), 1);
    EXPECT_EQ(runs_beside(100'000), 0) << "of two alike who runs goes on";
    EXPECT_EQ(runs_beside(100'001), 0);
}

TEST(Deadline_scheduler_test, TheBackgroundIsNeverStarved)
{
    Scheduler_simulator simulator(deadline(990, Ticks(10'000)));
    simulator.add(reservation(990'000, 1'000'000));
    for (unsigned i = 0; i < 3; ++i)
        simulator.add();
    simulator.run(Ticks(100'000'000));
    EXPECT_EQ(simulator.served(0), Ticks(99'000'000));
    for (unsigned i = 1; i <= 3; ++i)
    {
        EXPECT_NEAR(static_cast<double>(simulator.served(i).value()), 1'000'000 / 3, 20'000);
        EXPECT_LT(simulator.longest_wait(i), Ticks(4'000'000));
    }
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Deadline_scheduler_test, AVcpuThatWasAwayForAgesBeginsAnew)
{
    Scheduler_simulator simulator(deadline());
    auto const reserved = simulator.add(reservation(10'000, 100'000));
    simulator.add();
    simulator.run(Ticks(5'000));
    simulator.block(reserved);
    simulator.run(Ticks(std::uint64_t{1} << 62));
    simulator.wake(reserved);
    simulator.choose_now();
    EXPECT_EQ(simulator.account(reserved).budget_left, Ticks(10'000));
    EXPECT_EQ(simulator.account(reserved).deadline, simulator.now() + Ticks(100'000));
    EXPECT_EQ(simulator.current(), static_cast<int>(reserved));
    EXPECT_EQ(simulator.complaints(), "");
}

/// Without reservations: two take turns, of whom one has just begun, and a third one sleeps.
struct Two_in_turn_test : ::testing::Test
{
    Two_in_turn_test()
    {
        simulator.block(sleeper);
        simulator.add();
        simulator.add();
        simulator.run(slice * 5);
        simulator.choose_now();
        runs = static_cast<unsigned>(simulator.current());
    }
    Ticks left() const { return simulator.account(runs).slice_left; }
    /// It wakes, is chosen, and sleeps on. Who runs then.
    unsigned interrupt()
    {
        simulator.wake(sleeper);
        simulator.choose_now();
        EXPECT_EQ(simulator.current(), static_cast<int>(sleeper));
        simulator.block(sleeper);
        simulator.choose_now();
        EXPECT_EQ(simulator.complaints(), "");
        return static_cast<unsigned>(simulator.current());
    }

    Scheduler_simulator simulator{deadline()};
    unsigned sleeper = simulator.add();
    unsigned runs = 0;
};

/// As round robin has it.
TEST_F(Two_in_turn_test, WhoSleptGoesBeforeWhoRuns)
{
    auto const before = left();
    simulator.run(Ticks(1000));
    EXPECT_EQ(interrupt(), runs);
    EXPECT_EQ(left(), before - Ticks(1000)) << "who runs keeps the rest of its turn";
}

TEST_F(Two_in_turn_test, WhoseTurnEndsAsOneWakesWaitsBehindAll)
{
    simulator.run(left());
    ASSERT_EQ(simulator.current(), static_cast<int>(runs)) << "nobody has been chosen yet";
    EXPECT_NE(interrupt(), runs);
}

/// Sleep earns the share of all who take turns meanwhile, those who sleep not counted.
TEST(Deadline_scheduler_test, SleepEarnsAShareOfTheBackground)
{
    Scheduler_simulator simulator(deadline());
    auto const sleeper = simulator.add();
    simulator.run(slice / 4 * 3);
    simulator.block(sleeper);
    auto const left = simulator.account(sleeper).slice_left;
    ASSERT_LE(left, slice / 4);
    simulator.add();
    auto const other = simulator.add();
    simulator.run(slice / 2);
    simulator.wake(sleeper);
    EXPECT_EQ(simulator.account(sleeper).slice_left, left + slice / 2 / 4);
    simulator.block(sleeper);
    simulator.block(other);
    simulator.run(slice / 2);
    simulator.wake(sleeper);
    EXPECT_EQ(simulator.account(sleeper).slice_left, left + slice / 2 / 4 + slice / 2 / 3);
    EXPECT_EQ(simulator.complaints(), "");
}

} // namespace
