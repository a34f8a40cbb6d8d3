#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "policy/halt/adaptive.hpp"
#include "policy/halt/at_once.hpp"

namespace
{

using namespace ovm;
using namespace ovm::policy;
using processor::Halt;
using processor::Halt_account;
using processor::Halt_state;
using processor::Vcpu_identity;

constexpr Vcpu_identity somebody{Vm_id{1}, Vcpu_index{0}};

/// One halt as a core carries it out; answers how long it polled.
Ticks halt(Halt& policy, Halt_account& account, Ticks until_woken)
{
    auto const window = policy.poll(somebody, account, Ticks{0}).value();
    bool const in_time = window != Ticks{0} && until_woken <= window;
    EXPECT_TRUE(policy.woke(somebody, account, until_woken, in_time));
    return std::min(window, until_woken);
}

Ticks us(std::uint64_t microseconds)
{
    return arch::to_ticks(Nanoseconds{microseconds * 1000});
}

TEST(At_once_halt, NeverLooks)
{
    At_once_halt policy;
    Halt_account account{.window = us(50), .polls = 3, .hits = 2};
    auto const before = account;
    for (std::uint64_t i = 0; i < 10; ++i)
        EXPECT_EQ(halt(policy, account, us(i * 20)), Ticks{0});
    EXPECT_EQ(account, before);
}

TEST(Adaptive_halt, GrowsWhileWakeUpsComeSoonAndShrinksWhenTheyDoNot)
{
    arch::hosted::reset();
    Adaptive_halt policy({});
    Halt_account account{};
    std::vector<Ticks> windows;
    for (int i = 0; i < 7; ++i)
    {
        halt(policy, account, us(150));
        windows.push_back(account.window);
    }
    EXPECT_EQ(windows, (std::vector{us(10), us(20), us(40), us(80), us(160), us(160), us(160)}));
    EXPECT_EQ(account.hits, 2u) << "the last two came within the window";
    EXPECT_EQ(account.polls, 6u);
    halt(policy, account, us(190));
    EXPECT_EQ(account.window, us(200)) << "no longer than its maximum";
    windows.clear();
    for (int i = 0; i < 6; ++i)
    {
        halt(policy, account, us(5000));
        windows.push_back(account.window);
    }
    EXPECT_EQ(windows, (std::vector{us(100), us(50), us(25), us(12) + Ticks{500}, Ticks{0}, Ticks{0}}));
}

TEST(Adaptive_halt, FactorsAreParameters)
{
    arch::hosted::reset();
    Adaptive_halt steep({.max = Nanoseconds{1'000'000}, .start = Nanoseconds{1'000}, .grow = 16, .shrink = 0});
    Halt_account account{};
    for (auto const expected : {us(1), us(16), us(256), us(1000)})
    {
        halt(steep, account, us(999));
        EXPECT_EQ(account.window, expected);
    }
    halt(steep, account, us(1001));
    EXPECT_EQ(account.window, Ticks{0});
    Adaptive_halt lasting({.shrink = 1});
    halt(lasting, account, us(100));
    halt(lasting, account, us(100'000));
    EXPECT_EQ(account.window, us(10));
}

TEST(Adaptive_halt, EveryWindowIsZeroOrWithinItsBounds)
{
    arch::hosted::reset();
    for (std::uint64_t seed = 1; seed <= 200; ++seed)
    {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937_64 random(seed);
        auto const start = 1000 + random() % 100'000;
        Adaptive_halt::Parameters const parameters{.max = Nanoseconds{start + random() % (1'000'001 - start)},
                                                   .start = Nanoseconds{start},
                                                   .grow = static_cast<std::uint32_t>(2 + random() % 15),
                                                   .shrink = static_cast<std::uint32_t>(random() % 17)};
        ASSERT_TRUE(Adaptive_halt::check(parameters));
        Adaptive_halt policy(parameters);
        Halt_account account{.window = Ticks{random() % 3 == 0 ? random() : 0}};
        std::uint64_t polled = 0;
        for (int i = 0; i < 200; ++i)
        {
            polled += halt(policy, account, Ticks{random() >> (random() % 64)}).value();
            ASSERT_TRUE(account.window == Ticks{0} || (account.window >= arch::to_ticks(parameters.start) &&
                                                       account.window <= arch::to_ticks(parameters.max)));
        }
        EXPECT_LE(polled, account.polls * arch::to_ticks(parameters.max).value());
        EXPECT_LE(account.hits, account.polls);
    }
}

TEST(Adaptive_halt, PaysForShortWaitsAndCostsLittleForLongOnes)
{
    arch::hosted::reset();
    std::mt19937_64 random(9);
    Adaptive_halt policy({});
    Halt_account chatty{};
    Halt_account idle{};
    std::uint64_t burnt = 0;
    std::uint64_t waited = 0;
    for (int i = 0; i < 1000; ++i)
    {
        halt(policy, chatty, us(5 + random() % 60));
        auto const wait = us(1000 + random() % 10'000);
        burnt += halt(policy, idle, wait).value();
        waited += wait.value();
    }
    EXPECT_GE(chatty.hits, 990u);
    EXPECT_LE(burnt * 1000, waited) << "at most a thousandth";
}

TEST(Adaptive_halt, ParametersHaveRanges)
{
    EXPECT_TRUE(Adaptive_halt::check({}));
    EXPECT_TRUE(Adaptive_halt::check({.max = Nanoseconds{1'000'000}, .grow = 16, .shrink = 16}));
    EXPECT_EQ(Adaptive_halt::check({.max = Nanoseconds{1'000'001}}).error(), Error::out_of_range);
    EXPECT_EQ(Adaptive_halt::check({.start = Nanoseconds{999}}).error(), Error::out_of_range);
    EXPECT_EQ(Adaptive_halt::check({.start = Nanoseconds{200'001}}).error(), Error::out_of_range) << "beyond max";
    EXPECT_EQ(Adaptive_halt::check({.grow = 1}).error(), Error::out_of_range);
    EXPECT_EQ(Adaptive_halt::check({.grow = 17}).error(), Error::out_of_range);
    EXPECT_EQ(Adaptive_halt::check({.shrink = 17}).error(), Error::out_of_range);
    EXPECT_TRUE(At_once_halt::check({}));
}

/// One policy of each kind: at once, and adaptive with a long and a short maximum.
class Halt_policies
{
public:
    static constexpr std::size_t kinds = 3;

    Halt& make(std::size_t kind)
    {
        if (kind == 0)
            return at_once_.emplace();
        return adaptive_.emplace(Adaptive_halt::Parameters{.max = Nanoseconds{kind == 1 ? 400'000u : 50'000u}});
    }

private:
    std::optional<At_once_halt> at_once_;
    std::optional<Adaptive_halt> adaptive_;
};

TEST(Halt_policies, AnyPairThereAndBackKeepsTheWindowsOrNamesTheLoss)
{
    arch::hosted::reset();
    for (std::size_t first = 0; first < Halt_policies::kinds; ++first)
        for (std::size_t second = 0; second < Halt_policies::kinds; ++second)
            for (std::uint64_t seed = 1; seed <= 20; ++seed)
            {
                SCOPED_TRACE(testing::Message() << first << " to " << second << ", seed " << seed);
                Halt_policies a;
                Halt_policies b;
                std::mt19937_64 random(seed);
                std::array<Halt_account, 8> accounts{};
                auto const live = [&random](Halt& policy, std::span<Halt_account> some)
                {
                    for (int i = 0; i < 100; ++i)
                        halt(policy, some[random() % some.size()], us(random() % 1000));
                };
                auto& before = a.make(first);
                live(before, accounts);
                auto const kept = accounts;
                Halt_state state{};
                ASSERT_TRUE(before.export_state(state));
                for (auto const& account : accounts)
                    EXPECT_LE(account.window, state.longest);
                auto& between = b.make(second);
                ASSERT_TRUE(between.import_state(state));
                EXPECT_EQ(state.lost, first == 1 && second == 2 ? Halt_state::window : Halt_state::none);
                EXPECT_EQ(accounts, kept) << "a swap touches nobody";
                // Half of them halt meanwhile, the others sleep.
                live(between, std::span(accounts).first(4));
                ASSERT_TRUE(between.export_state(state));
                for (auto const& account : accounts)
                    EXPECT_LE(account.window, state.longest);
                auto& after = a.make(first);
                ASSERT_TRUE(after.import_state(state));
                for (std::size_t i = second == 0 ? 0 : 4; i < accounts.size(); ++i)
                    EXPECT_EQ(accounts[i], kept[i]);
                Halt_state again{};
                ASSERT_TRUE(after.export_state(again));
                EXPECT_EQ(again.longest, state.longest);
            }
}

TEST(Halt_policies, GateAndTombstoneAnswerForEverything)
{
    object::Gate<Halt> gate;
    object::Tombstone<Halt> gone;
    Halt_state state{};
    Halt_account account{};
    for (auto [policy, answer] : {std::pair<Halt*, Error>{&gate, Error::busy}, {&gone, Error::gone}})
    {
        EXPECT_EQ(policy->poll(somebody, account, Ticks{0}).error(), answer);
        EXPECT_EQ(policy->woke(somebody, account, Ticks{0}, false).error(), answer);
        EXPECT_EQ(policy->export_state(state).error(), answer);
        EXPECT_EQ(policy->import_state(state).error(), answer);
    }
    EXPECT_EQ(account, Halt_account{});
}

} // namespace
