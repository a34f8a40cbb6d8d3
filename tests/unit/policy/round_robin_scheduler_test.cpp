#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <vector>

#include "policy/scheduler/round_robin_scheduler.hpp"

namespace
{

using namespace ovm;
using policy::Round_robin_scheduler;

class Fake_vcpu final : public processor::Schedulable
{
};

constexpr Ticks slice{1000};

class Round_robin_test : public testing::Test
{
protected:
    void wake(unsigned who) { scheduler_.wake(vcpus_[who], now_); }
    void block(unsigned who) { scheduler_.block(vcpus_[who], now_); }
    int choose()
    {
        auto const choice = scheduler_.choose(now_);
        until_ = choice.until;
        for (unsigned i = 0; i < vcpus_.size(); ++i)
        {
            if (choice.next == &vcpus_[i])
                return static_cast<int>(i);
        }
        EXPECT_EQ(choice.next, nullptr);
        return -1;
    }
    void pass(std::uint64_t ticks) { now_ += Ticks(ticks); }

    Ticks now_{5000};
    std::optional<Ticks> until_{};
    std::array<Fake_vcpu, 8> vcpus_{};
    Round_robin_scheduler scheduler_{{.slice = slice}};
};

TEST_F(Round_robin_test, NobodyIsChosenOfNone)
{
    EXPECT_EQ(choose(), -1);
    EXPECT_FALSE(until_);
}

TEST_F(Round_robin_test, OneAloneRunsWithoutEnd)
{
    wake(0);
    EXPECT_EQ(choose(), 0);
    EXPECT_FALSE(until_);
    pass(10 * slice.value());
    EXPECT_EQ(choose(), 0);
    EXPECT_FALSE(until_);
}

TEST_F(Round_robin_test, EachRunsItsSliceInTurn)
{
    for (unsigned i = 0; i < 3; ++i)
        wake(i);
    std::vector<int> order;
    for (unsigned turn = 0; turn < 9; ++turn)
    {
        order.push_back(choose());
        ASSERT_TRUE(until_);
        EXPECT_EQ(*until_, now_ + slice);
        pass(slice.value());
    }
    for (unsigned turn = 3; turn < 9; ++turn)
        EXPECT_EQ(order[turn], order[turn - 3]);
    EXPECT_NE(order[0], order[1]);
    EXPECT_NE(order[1], order[2]);
    EXPECT_NE(order[0], order[2]);
}

TEST_F(Round_robin_test, WhoIsInterruptedKeepsTheRestOfItsSlice)
{
    wake(0);
    wake(1);
    auto const first = choose();
    pass(300);
    EXPECT_EQ(choose(), first);
    EXPECT_EQ(*until_, now_ + Ticks(700));
}

TEST_F(Round_robin_test, ASleeperGoesBeforeTheOthersWhenItWakes)
{
    wake(0);
    wake(1);
    wake(2);
    EXPECT_EQ(choose(), 2);
    pass(100);
    block(2);
    EXPECT_EQ(choose(), 1);
    pass(90);
    wake(2);
    EXPECT_EQ(choose(), 2);
    EXPECT_GE(*until_, now_ + Ticks(900)); // what it had, and its share of the time it slept
    EXPECT_LE(*until_, now_ + Ticks(900 + 90 / 3));
    pass(50);
    block(2);
    EXPECT_EQ(choose(), 1); // goes on where it was
    EXPECT_EQ(*until_, now_ + Ticks(910));
}

TEST_F(Round_robin_test, ASleeperGetsNoMoreThanItsSliceInATurn)
{
    wake(0);
    wake(1);
    // 1 sleeps and wakes all the time; 0 spins.
    std::map<int, std::uint64_t> ran;
    for (unsigned i = 0; i < 10000; ++i)
    {
        auto const who = choose();
        ASSERT_GE(who, 0);
        pass(10);
        ran[who] += 10;
        if (who == 1)
        {
            block(1);
            wake(1);
        }
    }
    EXPECT_LT(ran[1], 100'000u * 6 / 10);
    EXPECT_GT(ran[0], 100'000u * 4 / 10);
}

TEST_F(Round_robin_test, WhoMostlySleepsNeverWaitsForASpinner)
{
    wake(0);
    EXPECT_EQ(choose(), 0);
    wake(1);
    for (unsigned i = 0; i < 5000; ++i)
    {
        ASSERT_EQ(choose(), 1);
        pass(20); // 2% of the time
        block(1);
        ASSERT_EQ(choose(), 0);
        pass(980);
        ASSERT_EQ(choose(), 0);
        wake(1);
    }
}

TEST_F(Round_robin_test, BlockingWhoWaitsTakesItOut)
{
    for (unsigned i = 0; i < 4; ++i)
        wake(i);
    EXPECT_EQ(choose(), 3);
    block(1);
    block(3);
    EXPECT_EQ(choose(), 2);
    block(2);
    EXPECT_EQ(choose(), 0);
    EXPECT_FALSE(until_);
    block(0);
    EXPECT_EQ(choose(), -1);
}

TEST_F(Round_robin_test, RandomLivesKeepTheSetExact)
{
    std::mt19937 random(7);
    std::array<bool, 8> runnable{};
    for (unsigned step = 0; step < 20000; ++step)
    {
        auto const who = random() % 8;
        if (runnable[who])
            block(who);
        else
            wake(who);
        runnable[who] = !runnable[who];
        pass(random() % 700);
        auto const chosen = choose();
        bool const any = std::ranges::count(runnable, true) != 0;
        ASSERT_EQ(chosen >= 0, any);
        if (any)
            ASSERT_TRUE(runnable[static_cast<unsigned>(chosen)]);
        ASSERT_EQ(until_.has_value(), std::ranges::count(runnable, true) > 1);
    }
}

} // namespace
