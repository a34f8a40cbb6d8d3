#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "policy/scheduler/fair_scheduler.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"

namespace
{

using namespace ovm;
using policy::Fair_scheduler;
using processor::Scheduling_parameters;
using test::Scheduler_simulator;

constexpr Ticks slice{1'000'000};

test::Shared_scheduler fair(Ticks length = slice)
{
    return test::make_scheduler<Fair_scheduler>(Fair_scheduler::Parameters{.slice = length});
}

/// How far the shares of a stretch of time are from the weights', as a part of what is due; the worst of all.
class Shares
{
public:
    explicit Shares(Scheduler_simulator& simulator) : simulator_(simulator)
    {
        for (unsigned i = 0; i < simulator.count(); ++i)
            before_.push_back(simulator.served(i));
    }
    double worst() const
    {
        double weights = 0, time = 0, worst = 0;
        for (unsigned i = 0; i < before_.size(); ++i)
        {
            weights += simulator_.vcpu(i).parameters().weight;
            time += static_cast<double>((simulator_.served(i) - before_[i]).value());
        }
        for (unsigned i = 0; i < before_.size(); ++i)
        {
            double const due = time * simulator_.vcpu(i).parameters().weight / weights;
            worst =
                std::max(worst, std::abs(static_cast<double>((simulator_.served(i) - before_[i]).value()) - due) / due);
        }
        return worst;
    }

private:
    Scheduler_simulator& simulator_;
    std::vector<Ticks> before_{};
};

TEST(Fair_scheduler_test, ParametersHaveRanges)
{
    EXPECT_TRUE(Fair_scheduler::check({.slice = policy::slice_min}));
    EXPECT_TRUE(Fair_scheduler::check({.slice = policy::slice_max}));
    EXPECT_EQ(Fair_scheduler::check({.slice = policy::slice_min - Ticks(1)}).error(), Error::out_of_range);
    EXPECT_EQ(Fair_scheduler::check({.slice = policy::slice_max + Ticks(1)}).error(), Error::out_of_range);
    EXPECT_DEATH(Fair_scheduler({.slice = Ticks(0)}), "precondition");
}

TEST(Fair_scheduler_test, OneAloneRunsWithoutEnd)
{
    Scheduler_simulator simulator(fair());
    simulator.add();
    simulator.run(slice * 1000);
    EXPECT_EQ(simulator.trace().size(), 1u);
    EXPECT_FALSE(simulator.until());
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Fair_scheduler_test, SharesFollowWeights)
{
    Scheduler_simulator simulator(fair());
    for (std::uint32_t const weight : {100u, 200u, 400u})
        simulator.add({.weight = weight});
    Shares const shares(simulator);
    simulator.run(slice * 200);
    EXPECT_LT(shares.worst(), 0.02);
    EXPECT_EQ(simulator.complaints(), "");
}

/// Every crossing makes the core choose again; that must not change what is fair.
TEST(Fair_scheduler_test, SharesFollowWeightsUnderInterrupts)
{
    std::mt19937_64 random(5);
    Scheduler_simulator simulator(fair());
    for (std::uint32_t const weight : {100u, 200u, 400u, 10'000u, 7u})
        simulator.add({.weight = weight});
    Shares const shares(simulator);
    while (simulator.now() < slice * 20'000)
        simulator.turn(Ticks(random() % 300'000));
    EXPECT_LT(shares.worst(), 0.05);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Fair_scheduler_test, SharesFollowWeightsBesideSleepers)
{
    std::mt19937_64 random(11);
    Scheduler_simulator simulator(fair());
    std::array const hogs{simulator.add({.weight = 100}), simulator.add({.weight = 200}),
                          simulator.add({.weight = 400})};
    std::vector<unsigned> sleepers;
    for (unsigned i = 0; i < 10; ++i)
        sleepers.push_back(simulator.add({.weight = 50 + 60 * i}));
    while (simulator.now() < slice * 3000)
    {
        simulator.turn(Ticks(random() % 100'000));
        auto const who = sleepers[random() % sleepers.size()];
        if (!simulator.runnable(who))
            simulator.wake(who);
        else if (simulator.current() == static_cast<int>(who) || random() % 4 == 0)
            simulator.block(who);
    }
    auto const unit = static_cast<double>(simulator.served(hogs[0]).value());
    EXPECT_GT(unit, 0);
    EXPECT_NEAR(static_cast<double>(simulator.served(hogs[1]).value()) / unit, 2, 0.1);
    EXPECT_NEAR(static_cast<double>(simulator.served(hogs[2]).value()) / unit, 4, 0.2);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Fair_scheduler_test, TwoHundredShareByWeight)
{
    std::mt19937_64 random(3);
    Scheduler_simulator simulator(fair(Ticks(100'000)));
    for (unsigned i = 0; i < 200; ++i)
        simulator.add({.weight = 50 + static_cast<std::uint32_t>(random() % 400)});
    Shares const shares(simulator);
    simulator.run(Ticks(100'000) * 20'000);
    EXPECT_LT(shares.worst(), 0.05);
    for (unsigned i = 0; i < 200; ++i)
        EXPECT_GT(simulator.served(i), Ticks(0));
    EXPECT_EQ(simulator.complaints(), "");
}

/// The theorem of the paper: nobody is ever more than a request away from its exact share.
TEST(Fair_scheduler_test, NobodyLagsByMoreThanARequest)
{
    Scheduler_simulator simulator(fair());
    std::vector<std::uint32_t> const weights{1, 10, 100, 1000, 300, 300, 20};
    double load = 0;
    for (auto const weight : weights)
    {
        simulator.add({.weight = weight});
        load += weight;
    }
    auto const start = simulator.now();
    for (unsigned turn = 0; turn < 20'000; ++turn)
    {
        simulator.turn(slice);
        auto const time = static_cast<double>((simulator.now() - start).value());
        for (unsigned i = 0; i < weights.size(); ++i)
        {
            auto const lag = time * weights[i] / load - static_cast<double>(simulator.served(i).value());
            ASSERT_LE(std::abs(lag), static_cast<double>(slice.value()) * 1.01) << "vcpu " << i << ", turn " << turn;
        }
    }
}

/// How long somebody waits on average when it wakes for a short while among hogs; never longer than a slice of each.
double wait_on_wake(Ticks latency, std::uint32_t weight = Scheduling_parameters::default_weight)
{
    Scheduler_simulator simulator(fair());
    for (unsigned i = 0; i < 4; ++i)
        simulator.add();
    auto const sleeper = simulator.add({.weight = weight, .latency = latency});
    simulator.run(slice * 50);
    simulator.block(sleeper);
    std::mt19937_64 random(2);
    constexpr unsigned times = 500;
    double waited = 0;
    for (unsigned i = 0; i < times; ++i)
    {
        simulator.run(Ticks(8'000'000 + random() % 1'000'000));
        auto const woke = simulator.now();
        simulator.wake(sleeper);
        for (simulator.choose_now(); simulator.current() != static_cast<int>(sleeper);)
            simulator.run(*simulator.until() - simulator.now()), simulator.choose_now();
        auto const wait = simulator.now() - woke;
        EXPECT_LE(wait, slice * 4);
        waited += static_cast<double>(wait.value());
        simulator.turn(Ticks(20'000));
        simulator.block(sleeper);
    }
    EXPECT_EQ(simulator.complaints(), "");
    return waited / times;
}

TEST(Fair_scheduler_test, WhoMostlySleepsWaitsShortly)
{
    EXPECT_LT(wait_on_wake(Ticks(0)), slice.value() / 8);
    EXPECT_LT(wait_on_wake(Ticks(0), 400) * 2, wait_on_wake(Ticks(0))) << "the heavier the sooner";
}

TEST(Fair_scheduler_test, ALatencyWishShortensTheWait)
{
    auto const without = wait_on_wake(Ticks(0));
    auto const with = wait_on_wake(slice / 20);
    EXPECT_LT(with * 4, without);
    RecordProperty("without", std::to_string(without));
    RecordProperty("with", std::to_string(with));
}

TEST(Fair_scheduler_test, ALatencyWishGivesNoMoreTime)
{
    Scheduler_simulator simulator(fair());
    simulator.add({.latency = slice / 20});
    simulator.add({});
    simulator.add({.weight = 200, .latency = slice / 10});
    Shares const shares(simulator);
    simulator.run(slice * 500);
    EXPECT_LT(shares.worst(), 0.02);
    EXPECT_LT(simulator.longest_wait(0), slice);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Fair_scheduler_test, WhoSleepsForAgesGetsNoMoreThanTwoSlicesForIt)
{
    Scheduler_simulator simulator(fair());
    simulator.add();
    auto const sleeper = simulator.add();
    simulator.run(slice * 10);
    simulator.block(sleeper);
    simulator.run(Ticks(std::uint64_t{1} << 62));
    simulator.wake(sleeper);
    Shares const shares(simulator);
    simulator.run(slice * 100);
    EXPECT_LT(shares.worst(), 0.03);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Fair_scheduler_test, WhoWakesBeginsANewRequest)
{
    Scheduler_simulator simulator(fair());
    simulator.add();
    simulator.add();
    simulator.turn(slice / 2);
    auto const current = static_cast<unsigned>(simulator.current());
    simulator.block(current);
    EXPECT_LT(simulator.account(current).slice_left, slice);
    simulator.wake(current);
    EXPECT_EQ(simulator.account(current).slice_left, slice);
}

TEST(Fair_scheduler_test, LagIsKeptOverSleep)
{
    Scheduler_simulator simulator(fair());
    simulator.add();
    auto const other = simulator.add();
    // What 0 runs, 1 is owed, half of it.
    while (simulator.current() != 0)
        simulator.turn(slice);
    auto const owed = static_cast<std::int64_t>((simulator.served(0).value() - simulator.served(1).value()) / 2);
    simulator.block(other);
    EXPECT_NEAR(static_cast<double>(simulator.account(other).lag), static_cast<double>(owed), 2);
    simulator.run(slice * 10);
    simulator.wake(other);
    ASSERT_TRUE(simulator.export_only());
    EXPECT_NEAR(static_cast<double>(simulator.account(other).lag), static_cast<double>(owed), 2);
    EXPECT_NEAR(static_cast<double>(simulator.account(0).lag), static_cast<double>(-owed), 2);
}

TEST(Fair_scheduler_test, ANapShedsNoLag)
{
    Scheduler_simulator simulator(fair());
    simulator.add();
    simulator.add();
    while (simulator.current() != 0)
        simulator.turn(slice);
    simulator.turn(slice / 2);
    simulator.block(0);
    auto const owes = simulator.account(0).lag;
    ASSERT_LT(owes, -1000);
    simulator.wake(0);
    ASSERT_TRUE(simulator.export_only());
    EXPECT_NEAR(static_cast<double>(simulator.account(0).lag), static_cast<double>(owes), 2);
}

TEST(Fair_scheduler_test, VirtualTimeWraps)
{
    Scheduler_simulator simulator(fair(policy::slice_max));
    for (std::uint32_t const weight : {1u, 2u, 4u})
        simulator.add({.weight = weight});
    simulator.block(1);
    simulator.block(2);
    for (unsigned i = 0; i < 140'000; ++i) // 2^46 each
        simulator.turn(policy::slice_max * 2);
    simulator.wake(1);
    simulator.wake(2);
    for (unsigned lap = 0; lap < 8; ++lap)
    {
        Shares const shares(simulator);
        simulator.run(policy::slice_max * 5000);
        EXPECT_LT(shares.worst(), 0.02) << "lap " << lap;
    }
    EXPECT_EQ(simulator.complaints(), "");
}

/// Under UBSan: no number overflows, whatever the weights, the slices, the sleeps and the lateness.
TEST(Fair_scheduler_test, ExtremesDoNotOverflow)
{
    for (std::uint64_t seed = 1; seed <= 30; ++seed)
    {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(fair(seed % 3 == 0 ? policy::slice_min : policy::slice_max));
        for (unsigned i = 0; i < 200; ++i)
        {
            auto const weight = static_cast<std::uint32_t>(1u << random() % 15); // up to 16384: more than is allowed
            simulator.make({.weight = random() % 9 == 0 ? 0 : weight, .latency = Ticks(random() >> random() % 64)});
        }
        for (unsigned i = 0; i < 200; ++i)
        {
            simulator.vcpu(i).account().lag = static_cast<std::int64_t>(random());
            ASSERT_TRUE(simulator.admit(i));
        }
        for (unsigned i = 0; i < 40; ++i)
            simulator.live(random, 100, Ticks(std::uint64_t{1} << random() % 46), true);
        EXPECT_EQ(simulator.complaints(), "");
    }
}

TEST(Fair_scheduler_test, AClockThatStepsBackDoesNoHarm)
{
    auto const scheduler = fair();
    std::array<test::Fake_vcpu, 2> vcpus{};
    for (auto& vcpu : vcpus)
    {
        ASSERT_TRUE(scheduler->admit(vcpu, Ticks(5000)));
        scheduler->wake(vcpu, Ticks(5000));
    }
    auto const first = scheduler->choose(Ticks(5000));
    EXPECT_EQ(scheduler->choose(Ticks(4000)).next, first.next);
    EXPECT_NE(scheduler->choose(*first.until).next, first.next);
}

/// Whoever runs is judged by its deadline after a swap, too: who has an earlier one and is not eligible yet has its
/// turn at the same time as without.
TEST(Fair_scheduler_test, WhoRunsKeepsItsDeadlineInASwap)
{
    Scheduler_simulator simulator(fair());
    auto const patient = simulator.add();
    simulator.add({.latency = slice / 10});
    simulator.run(slice * 3);
    auto const waits = [&]
    {
        auto const until = *simulator.until();
        return simulator.current() == static_cast<int>(patient) && until > simulator.now() + slice / 50 &&
               until < simulator.now() + simulator.account(patient).slice_left;
    };
    for (unsigned turns = 0; turns < 100 && !waits(); ++turns)
        simulator.turn(slice / 50);
    ASSERT_TRUE(waits());
    auto const until = *simulator.until();
    ASSERT_TRUE(simulator.swap(fair()));
    simulator.choose_now();
    EXPECT_EQ(simulator.current(), static_cast<int>(patient));
    EXPECT_NEAR(static_cast<double>((*simulator.until() - simulator.now()).value()),
                static_cast<double>((until - simulator.now()).value()), 10);
    EXPECT_EQ(simulator.complaints(), "");
}

/// Of two that went on alike one is swapped for what goes by turns: the same vcpu is the next to run.
TEST(Fair_scheduler_test, WhoIsNextIsNextAfterASwap)
{
    std::array<unsigned, 4> nexts{};
    unsigned same = 0;
    for (unsigned step = 1; step <= 60; ++step)
    {
        std::array<int, 2> next{};
        for (bool const swaps : {false, true})
        {
            Scheduler_simulator simulator(fair());
            for (unsigned const weight : {1024u, 512u, 3000u, 1500u})
                simulator.add({.weight = weight});
            simulator.run(Ticks(step * 170'000));
            simulator.choose_now();
            auto const runs = static_cast<unsigned>(simulator.current());
            if (swaps)
                ASSERT_TRUE(simulator.swap(test::make_scheduler<policy::Round_robin_scheduler>(
                    policy::Round_robin_scheduler::Parameters{.slice = slice})));
            simulator.block(runs);
            simulator.choose_now();
            next[swaps] = simulator.current();
        }
        same += next[0] == next[1];
        ++nexts[static_cast<unsigned>(next[0])];
    }
    EXPECT_GE(same, 57u) << "who blocks moves the mean, and with it now and then who is eligible";
    for (auto const times : nexts)
        EXPECT_NE(times, 0u);
}

} // namespace
