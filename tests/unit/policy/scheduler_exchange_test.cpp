#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "policy/failing_schedulers.hpp"
#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler/dedicated_scheduler.hpp"
#include "policy/scheduler/fair_scheduler.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"

/// Every scheduler hands over to every other one and back.
namespace
{

using namespace ovm;
using processor::Scheduler_state;
using processor::Scheduling_account;
using processor::Scheduling_parameters;
using test::Scheduler_simulator;
using test::Shared_scheduler;

constexpr Ticks slice{1'000'000};

enum Kind : unsigned
{
    round_robin,
    fair,
    deadline,
    dedicated,
    kinds
};

Shared_scheduler make(Kind kind)
{
    switch (kind)
    {
    case round_robin:
        return test::make_scheduler<policy::Round_robin_scheduler>(
            policy::Round_robin_scheduler::Parameters{.slice = slice});
    case fair:
        return test::make_scheduler<policy::Fair_scheduler>(policy::Fair_scheduler::Parameters{.slice = slice});
    case deadline:
        return test::make_scheduler<policy::Deadline_scheduler>(policy::Deadline_scheduler::Parameters{.slice = slice});
    default:
        return test::make_scheduler<policy::Dedicated_scheduler>();
    }
}

const char* name(Kind kind)
{
    return std::array{"round-robin", "fair", "deadline", "dedicated"}[kind];
}

Scheduling_parameters any_parameters(std::mt19937_64& random, unsigned count)
{
    Scheduling_parameters parameters{.weight = 1 + static_cast<std::uint32_t>(random() % 1000)};
    if (random() % 2 == 0)
        parameters.latency = Ticks(random() % slice.value());
    if (random() % 3 == 0)
    {
        parameters.period = Ticks(10'000 + random() % 5'000'000);
        parameters.budget = Ticks(1 + random() % (parameters.period.value() * 9 / 10 / count));
    }
    return parameters;
}

void populate(Scheduler_simulator& simulator, std::mt19937_64& random, bool one)
{
    auto const count = one ? 1 : 2 + static_cast<unsigned>(random() % 11);
    for (unsigned i = 0; i < count; ++i)
        simulator.add(any_parameters(random, count));
}

std::vector<Scheduling_account> accounts(Scheduler_simulator& simulator)
{
    EXPECT_TRUE(simulator.export_only());
    std::vector<Scheduling_account> all;
    for (unsigned i = 0; i < simulator.count(); ++i)
        all.push_back(simulator.account(i));
    return all;
}

std::int64_t difference(std::int64_t one, std::int64_t other)
{
    return one > other ? one - other : other - one;
}

/// Calls for all pairs, each with some seeds.
void for_all_pairs(const std::function<void(Kind, Kind, std::mt19937_64&)>& call)
{
    for (unsigned from = 0; from < kinds; ++from)
    {
        for (unsigned to = 0; to < kinds; ++to)
        {
            for (std::uint64_t seed = 1; seed <= 40; ++seed)
            {
                SCOPED_TRACE(std::string(name(Kind(from))) + " to " + name(Kind(to)) + " and back, seed " +
                             std::to_string(seed));
                std::mt19937_64 random(seed * 1000 + from * 10 + to);
                call(Kind(from), Kind(to), random);
                if (testing::Test::HasFailure())
                    return;
            }
        }
    }
}

TEST(Scheduler_exchange_test, ThereAndBackKeepsAll)
{
    for_all_pairs(
        [](Kind from, Kind to, std::mt19937_64& random)
        {
            Scheduler_simulator simulator(make(from));
            populate(simulator, random, from == dedicated || to == dedicated);
            simulator.live(random, 300, slice);
            auto const before = accounts(simulator);
            ASSERT_TRUE(simulator.swap(make(to)));
            auto const lost = simulator.lost();
            ASSERT_TRUE(simulator.swap(make(from)));
            auto const after = accounts(simulator);
            bool const knows_lag = from == fair || to == fair;
            for (unsigned i = 0; i < before.size(); ++i)
            {
                SCOPED_TRACE("vcpu " + std::to_string(i));
                auto const& one = before[i];
                auto const& other = after[i];
                // Nobody had a turn under a policy without turns; it gets one now.
                if (one.slice_left != Ticks(0) || !simulator.runnable(i))
                    EXPECT_EQ(one.slice_left, other.slice_left);
                if (from == deadline || to != deadline)
                {
                    EXPECT_EQ(one.budget_left, other.budget_left);
                    EXPECT_EQ(one.deadline, other.deadline);
                }
                EXPECT_EQ(one.asleep_since, other.asleep_since);
                EXPECT_EQ(one.ran, other.ran);
                if (!knows_lag || !simulator.runnable(i))
                    EXPECT_EQ(one.lag, other.lag);
                else if (from == fair && (lost & Scheduler_state::lag) == 0)
                    EXPECT_LE(difference(one.lag, other.lag), 2 + static_cast<std::int64_t>(before.size()));
            }
            simulator.live(random, 100, slice);
            EXPECT_EQ(simulator.complaints(), "");
        });
}

/// What a policy has no use for, it leaves as it was, whatever happens meanwhile.
TEST(Scheduler_exchange_test, WhatAPolicyDoesNotUseItDoesNotTouch)
{
    for_all_pairs(
        [](Kind from, Kind to, std::mt19937_64& random)
        {
            Scheduler_simulator simulator(make(from));
            populate(simulator, random, from == dedicated || to == dedicated);
            simulator.live(random, 300, slice);
            auto const before = accounts(simulator);
            ASSERT_TRUE(simulator.swap(make(to)));
            simulator.live(random, 300, slice);
            auto const after = accounts(simulator);
            for (unsigned i = 0; i < before.size(); ++i)
            {
                if (to != fair)
                    EXPECT_EQ(before[i].lag, after[i].lag);
                if (to == dedicated)
                    EXPECT_EQ(before[i].slice_left, after[i].slice_left);
                if (to != deadline || !simulator.vcpu(i).parameters().has_reservation())
                {
                    EXPECT_EQ(before[i].budget_left, after[i].budget_left);
                    EXPECT_EQ(before[i].deadline, after[i].deadline);
                    EXPECT_EQ(before[i].kept_at, after[i].kept_at);
                }
                EXPECT_GE(after[i].ran, before[i].ran);
            }
            ASSERT_TRUE(simulator.swap(make(from)));
            simulator.live(random, 300, slice);
            EXPECT_EQ(simulator.complaints(), "");
        });
}

/// After a swap that failed, the old one goes on as its twin that was never asked.
TEST(Scheduler_exchange_test, AFailedSwapLeavesNoTrace)
{
    for_all_pairs(
        [](Kind from, Kind to, std::mt19937_64& random)
        {
            auto const seed = random();
            auto const life = [&](bool swaps)
            {
                std::mt19937_64 chance(seed);
                Scheduler_simulator simulator(make(from));
                populate(simulator, chance, from == dedicated);
                for (unsigned i = 0; i < 50; ++i)
                {
                    simulator.live(chance, 5, slice);
                    bool const is_refused = to == dedicated && simulator.count() > 1;
                    if (swaps)
                    {
                        EXPECT_FALSE(simulator.swap(is_refused ? make(dedicated)
                                                               : test::make_scheduler<test::Import_refuses>(slice)));
                        EXPECT_TRUE(simulator.export_only());
                    }
                    simulator.choose_now();
                }
                EXPECT_EQ(simulator.complaints(), "");
                return simulator.trace();
            };
            EXPECT_EQ(life(true), life(false));
        });
}

TEST(Scheduler_exchange_test, OverCommittedReservationsAreNotTakenOver)
{
    for (auto const from : {round_robin, fair})
    {
        Scheduler_simulator simulator(make(from));
        for (unsigned i = 0; i < 4; ++i)
            simulator.add({.budget = Ticks(25'000), .period = Ticks(100'000)});
        simulator.run(slice * 3 + Ticks(1234));
        auto const before = accounts(simulator);
        EXPECT_EQ(simulator.swap(make(deadline)).error(), Error::denied);
        for (unsigned i = 0; i < 4; ++i)
            EXPECT_EQ(before[i].slice_left, simulator.account(i).slice_left);
        simulator.run(slice * 3);
        simulator.leave(2);
        EXPECT_TRUE(simulator.swap(make(deadline)));
        simulator.run(slice * 3);
        EXPECT_EQ(simulator.complaints(), "");
    }
}

TEST(Scheduler_exchange_test, TheRecordNamesWhatIsLost)
{
    auto const lost = [](Kind from, Kind to, bool reserved, unsigned count)
    {
        Scheduler_simulator simulator(make(from));
        for (unsigned i = 0; i < count; ++i)
            simulator.add({.budget = Ticks(reserved ? 1000 : 0), .period = Ticks(100'000)});
        simulator.run(slice / 2);
        EXPECT_TRUE(simulator.swap(make(to)));
        return simulator.lost();
    };
    EXPECT_EQ(lost(round_robin, fair, false, 2), Scheduler_state::none);
    EXPECT_EQ(lost(round_robin, fair, false, 3), Scheduler_state::order);
    EXPECT_EQ(lost(deadline, fair, true, 2), Scheduler_state::reservation);
    EXPECT_EQ(lost(deadline, round_robin, true, 3), Scheduler_state::reservation | Scheduler_state::order);
    EXPECT_EQ(lost(fair, deadline, true, 2), Scheduler_state::none);
    EXPECT_EQ(lost(deadline, dedicated, true, 1), Scheduler_state::none) << "alone, nothing is missing";

    Scheduler_simulator simulator(make(fair));
    simulator.add();
    simulator.add();
    simulator.run(slice / 2);
    auto const brief = policy::Fair_scheduler::Parameters{.slice = slice / 100};
    EXPECT_TRUE(simulator.swap(test::make_scheduler<policy::Fair_scheduler>(brief)));
    EXPECT_EQ(simulator.lost(), Scheduler_state::lag) << "longer than this policy's requests let it be";
    simulator.run(slice);
    EXPECT_EQ(simulator.complaints(), "");
}

/// From any policy to any other in any state of the vcpus, all the time.
TEST(Scheduler_exchange_test, RandomRoundsOfSwaps)
{
    for (std::uint64_t seed = 1; seed <= 30; ++seed)
    {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(make(Kind(random() % dedicated)));
        populate(simulator, random, seed % 10 == 0);
        unsigned swaps = 0;
        for (unsigned i = 0; i < 300; ++i)
        {
            if (simulator.swap(make(Kind(random() % kinds))))
                ++swaps;
            simulator.live(random, static_cast<unsigned>(random() % 6), slice, true);
        }
        EXPECT_TRUE(simulator.export_only());
        EXPECT_GT(swaps, 100u);
        ASSERT_EQ(simulator.complaints(), "");
    }
}

/// Swaps that come faster than turns end do not make anybody wait for ever.
TEST(Scheduler_exchange_test, NobodyStarvesUnderConstantSwaps)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
    {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(make(round_robin));
        for (unsigned i = 0; i < 6; ++i)
            simulator.add(i == 5 ? Scheduling_parameters{.budget = Ticks(10'000), .period = Ticks(500'000)}
                                 : Scheduling_parameters{});
        for (unsigned i = 0; i < 2000; ++i)
        {
            ASSERT_TRUE(simulator.swap(make(Kind(random() % dedicated))));
            simulator.run(Ticks(random() % (slice.value() / 2)));
            if (random() % 3 == 0) // a sleeper, which runs at once
                simulator.runnable(4) ? simulator.block(4) : simulator.wake(4);
        }
        for (unsigned i = 0; i < 6; ++i)
            EXPECT_LT(simulator.longest_wait(i), slice * 40) << "vcpu " << i;
        EXPECT_EQ(simulator.complaints(), "");
    }
}

TEST(Scheduler_exchange_test, SharesFollowTheNewPolicySoon)
{
    for (auto const from : {round_robin, deadline})
    {
        Scheduler_simulator simulator(make(from));
        for (std::uint32_t const weight : {100u, 200u, 400u})
            simulator.add({.weight = weight});
        simulator.run(slice * 31);
        ASSERT_TRUE(simulator.swap(make(fair)));
        std::array<double, 3> before{};
        for (unsigned i = 0; i < 3; ++i)
            before[i] = static_cast<double>(simulator.served(i).value());
        constexpr unsigned turns = 100;
        simulator.run(slice * turns);
        for (unsigned i = 0; i < 3; ++i)
        {
            double const due = static_cast<double>((slice * turns).value()) * (1u << i) / 7;
            EXPECT_NEAR(static_cast<double>(simulator.served(i).value()) - before[i], due, due * 0.05) << "vcpu " << i;
        }
        ASSERT_TRUE(simulator.swap(make(round_robin)));
        for (unsigned i = 0; i < 3; ++i)
            before[i] = static_cast<double>(simulator.served(i).value());
        simulator.run(slice * 99);
        for (unsigned i = 0; i < 3; ++i)
            EXPECT_NEAR(static_cast<double>(simulator.served(i).value()) - before[i],
                        static_cast<double>((slice * 33).value()), static_cast<double>(slice.value()));
        EXPECT_EQ(simulator.complaints(), "");
    }
}

/// A deadline scheduler that takes over serves what is reserved from then on.
TEST(Scheduler_exchange_test, NoDeadlineIsMissedAfterASwap)
{
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
    {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(make(deadline));
        populate(simulator, random, false);
        Kind now_has = deadline;
        simulator.also_check = [&]
        {
            for (unsigned i = 0; i < simulator.count() && now_has == deadline; ++i)
            {
                auto const& account = simulator.account(i);
                if (simulator.runnable(i) && account.budget_left != Ticks(0) && account.deadline < simulator.now())
                    simulator.complain("vcpu " + std::to_string(i) + " missed its deadline");
            }
        };
        for (unsigned i = 0; i < 60; ++i)
        {
            now_has = i % 2 == 0 ? deadline : Kind(random() % dedicated);
            ASSERT_TRUE(simulator.swap(make(now_has)));
            simulator.live(random, 20, slice);
        }
        ASSERT_EQ(simulator.complaints(), "");
    }
}

} // namespace
