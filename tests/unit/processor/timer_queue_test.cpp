#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "arch/hosted/machine.hpp"
#include "processor/timer_queue.hpp"

namespace
{

using namespace ovm;
using processor::Timer_queue;

class Recorder final : public processor::Timer
{
public:
    void fired(Ticks now) override
    {
        times.push_back(now);
        if (then)
            then();
    }

    std::vector<Ticks> times{};
    std::function<void()> then{};
};

class Timer_queue_test : public testing::Test
{
protected:
    Timer_queue_test() { arch::hosted::reset(2); }

    Timer_queue queue_{Core_id(0)};
};

TEST_F(Timer_queue_test, FiresInOrderOfDeadlines)
{
    std::array<Recorder, 5> timers{};
    std::vector<int> order;
    for (unsigned i = 0; i < timers.size(); ++i)
        timers[i].then = [&order, i] { order.push_back(static_cast<int>(i)); };
    for (unsigned i : {3u, 0u, 4u, 2u, 1u})
        queue_.arm(timers[i], Ticks(1000 + 100 * i));
    EXPECT_EQ(arch::hosted::timer(Core_id(0)), Ticks(1000));
    arch::hosted::set_time(Ticks(1250));
    queue_.run_expired();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
    EXPECT_FALSE(timers[2].armed());
    EXPECT_TRUE(timers[3].armed());
    EXPECT_EQ(arch::hosted::timer(Core_id(0)), Ticks(1300));
    arch::hosted::set_time(Ticks(5000));
    queue_.run_expired();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_FALSE(queue_.next_deadline());
}

TEST_F(Timer_queue_test, ArmingAgainMoves)
{
    Recorder timer;
    queue_.arm(timer, Ticks(1000));
    queue_.arm(timer, Ticks(3000));
    arch::hosted::set_time(Ticks(2000));
    queue_.run_expired();
    EXPECT_TRUE(timer.times.empty());
    queue_.arm(timer, Ticks(2500));
    arch::hosted::set_time(Ticks(2600));
    queue_.run_expired();
    EXPECT_EQ(timer.times.size(), 1u);
    arch::hosted::set_time(Ticks(9000));
    queue_.run_expired();
    EXPECT_EQ(timer.times.size(), 1u);
}

TEST_F(Timer_queue_test, CancelledDoesNotFire)
{
    Recorder first, second;
    queue_.arm(first, Ticks(1000));
    queue_.arm(second, Ticks(2000));
    queue_.cancel(first);
    queue_.cancel(first);
    arch::hosted::set_time(Ticks(2000));
    queue_.run_expired();
    EXPECT_TRUE(first.times.empty());
    EXPECT_EQ(second.times.size(), 1u);
}

TEST_F(Timer_queue_test, MayArmItselfWhileItFires)
{
    Recorder timer;
    timer.then = [&] { queue_.arm(timer, timer.deadline() + Ticks(1000)); };
    queue_.arm(timer, Ticks(1000));
    for (std::uint64_t time = 1000; time <= 5000; time += 1000)
    {
        arch::hosted::set_time(Ticks(time));
        queue_.run_expired();
    }
    EXPECT_EQ(timer.times.size(), 5u);
    queue_.retire(timer);
    EXPECT_FALSE(timer.armed());
}

TEST_F(Timer_queue_test, AnEarlyRingIsProgrammedAgain)
{
    Recorder timer;
    queue_.arm(timer, Ticks(1'000'000));
    arch::hosted::set_time(Ticks(999'990)); // the hardware rang a little too early
    arch::take_interrupts();
    arch::stop_timer();
    queue_.run_expired();
    EXPECT_TRUE(timer.times.empty());
    EXPECT_EQ(arch::hosted::timer(Core_id(0)), Ticks(1'000'000));
}

TEST_F(Timer_queue_test, AnotherCoreKicksForAnEarlierDeadline)
{
    Recorder early, late;
    queue_.arm(late, Ticks(500'000'000));
    arch::hosted::become_core(Core_id(1));
    queue_.arm(early, Ticks(400'000'000));
    EXPECT_EQ(arch::hosted::kicks(Core_id(0)), 1u);
    Recorder later;
    queue_.arm(later, Ticks(600'000'000));
    EXPECT_EQ(arch::hosted::kicks(Core_id(0)), 1u);
    arch::hosted::become_core(Core_id(0));
    queue_.run_expired();
    EXPECT_EQ(arch::hosted::timer(Core_id(0)), Ticks(400'000'000));
}

TEST_F(Timer_queue_test, AgreesWithAMultimap)
{
    std::mt19937 random(3);
    std::vector<std::unique_ptr<Recorder>> timers;
    for (unsigned i = 0; i < 200; ++i)
        timers.push_back(std::make_unique<Recorder>());
    std::map<std::pair<std::uint64_t, unsigned>, Recorder*> model;
    std::vector<std::uint64_t> deadlines(200, 0);
    std::uint64_t now = 1;
    for (unsigned step = 0; step < 30000; ++step)
    {
        auto const who = static_cast<unsigned>(random() % 200);
        if (random() % 4 == 0)
        {
            queue_.cancel(*timers[who]);
            model.erase({deadlines[who], who});
        }
        else
        {
            model.erase({deadlines[who], who});
            deadlines[who] = now + random() % 5000;
            queue_.arm(*timers[who], Ticks(deadlines[who]));
            model[{deadlines[who], who}] = timers[who].get();
        }
        if (random() % 8 == 0)
        {
            now += random() % 1000;
            arch::hosted::set_time(Ticks(now));
            for (auto& timer : timers)
                timer->times.clear();
            queue_.run_expired();
            std::size_t expected = 0;
            while (!model.empty() && model.begin()->first.first <= now)
            {
                ASSERT_EQ(model.begin()->second->times.size(), 1u);
                model.erase(model.begin());
                ++expected;
            }
            std::size_t fired = 0;
            for (auto& timer : timers)
                fired += timer->times.size();
            ASSERT_EQ(fired, expected);
        }
        auto const next = queue_.next_deadline();
        ASSERT_EQ(next.has_value(), !model.empty());
        if (next)
            ASSERT_EQ(next->value(), model.begin()->first.first);
    }
}

} // namespace
