#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "processor/core_threads.hpp"
#include "processor/migration.hpp"
#include "processor/running_vcpus.hpp"
#include "processor/timer_group.hpp"

namespace ovm::test
{
namespace
{

using arch::hosted::Guest;
using processor::Migration;
using processor::Run_state;
using processor::Vcpu;
namespace exit_code = arch::svm::exit_code;

constexpr std::uint32_t cores = 3; ///< with the owner, 0

/// Takes one vcpu from core to core, of 0 to `count` - 1, without a rest.
class Mover final : private processor::Migration_observer
{
public:
    Mover(Running_vcpus& machine, std::uint32_t count, Vcpu& vcpu, unsigned seed)
        : machine_(machine), count_(count), vcpu_(vcpu), random_(seed)
    {
    }

    /// On core 0, as everything here.
    void go_on()
    {
        while (!stopped &&
               !migration_.begin(vcpu_, machine_.core(static_cast<std::uint32_t>(random_() % count_)), *this))
        {
        }
    }
    bool stopped = false;
    unsigned moves = 0;
    bool idle() const { return migration_.idle(); }

private:
    void migration_over(Migration& migration) override
    {
        moves += migration.outcome() == Migration::Outcome::moved;
        go_on();
    }

    Running_vcpus& machine_;
    std::uint32_t count_;
    Vcpu& vcpu_;
    Migration migration_{};
    std::minstd_rand random_;
};

/// Each sleeps until it is woken, and says so; whoever wakes it waits for that, so that no wake-up may be lost and each
/// is counted. Meanwhile all of them move round and round.
TEST(Migration_thread, EveryWakeUpArrivesOnce)
{
    constexpr std::uint32_t vcpus = 4;
    constexpr unsigned wakes = 1000;
    Running_vcpus machine(cores + 1); // the last core is the waker's thread
    std::vector<Running_vcpu*> all;
    std::vector<std::unique_ptr<Mover>> movers;
    std::array<std::atomic<unsigned>, vcpus> answered{};
    std::array<std::atomic<unsigned>, vcpus> inside{}; // how many cores run it
    std::atomic<bool> ran_twice{false};
    for (std::uint32_t i = 0; i < vcpus; ++i)
    {
        auto& one = machine.add(i % cores);
        all.push_back(&one);
        one.vcpu->state().set_rflags(0x200);
        one.guest = [&, i](Guest& guest)
        {
            if (inside[i].fetch_add(1) != 0)
                ran_twice = true;
            bool const woken = (guest.vmcb.control.event_injection & arch::svm::event::valid) != 0;
            inside[i].fetch_sub(1);
            guest.exit(woken ? exit_code::vmmcall : exit_code::hlt);
        };
        one.on_exit = [&, i](Vcpu& vcpu, const arch::Exit& exit)
        {
            if (exit.kind == arch::Exit_kind::halt)
                vcpu.halt();
            else
                ++answered[i];
        };
        movers.push_back(std::make_unique<Mover>(machine, cores, *one.vcpu, i + 1));
    }
    bool all_answered = true;
    {
        Core_threads threads(machine, cores);
        arch::hosted::become_core(Core_id(cores));
        for (auto* const each : all)
            each->vcpu->start(Run_state::runnable);
        threads.run_on(0,
                       [&]
                       {
                           for (auto& mover : movers)
                               mover->go_on();
                       });
        for (unsigned round = 1; round <= wakes && all_answered; ++round)
        {
            for (std::uint32_t i = 0; i < vcpus; ++i)
            {
                all[i]->interrupts.pending = 0x41;
                all[i]->vcpu->notify();
                if (round % 7 == 0)
                    all[i]->vcpu->flush_translations();
            }
            for (std::uint32_t i = 0; i < vcpus; ++i)
                all_answered = all_answered && wait_until([&] { return answered[i] >= round; });
        }
        threads.run_on(0,
                       [&]
                       {
                           for (auto& mover : movers)
                               mover->stopped = true;
                       });
        std::atomic<bool> at_rest{false};
        EXPECT_TRUE(wait_until(
            [&]
            {
                threads.run_on(0, [&]
                               { at_rest = std::ranges::all_of(movers, [](auto& mover) { return mover->idle(); }); });
                return at_rest.load();
            }));
    }
    EXPECT_TRUE(all_answered);
    EXPECT_FALSE(ran_twice);
    unsigned moves = 0;
    for (std::uint32_t i = 0; i < vcpus; ++i)
    {
        EXPECT_EQ(answered[i], wakes);
        EXPECT_EQ(all[i]->interrupts.acknowledged, wakes);
        moves += movers[i]->moves;
    }
    EXPECT_GT(moves, 100u);
    std::uint32_t resident = 0;
    for (std::uint32_t core = 0; core < cores; ++core)
        resident += machine.core(core).residents().count();
    EXPECT_EQ(resident, vcpus);
}

/// Vcpus are stopped and started again in the middle of moves.
TEST(Migration_thread, AStopIsAnsweredOnTheWay)
{
    Running_vcpus machine(cores + 1);
    auto& one = machine.add(0);
    Mover mover(machine, cores, *one.vcpu, 1);
    Core_threads threads(machine, cores);
    arch::hosted::become_core(Core_id(cores));
    threads.run_on(0, [&] { mover.go_on(); });
    for (unsigned round = 1; round <= 100; ++round)
    {
        one.vcpu->start(Run_state::runnable);
        for (unsigned i = 0; i < round % 5; ++i)
            one.vcpu->flush_translations();
        one.vcpu->stop();
        ASSERT_TRUE(wait_until([&] { return one.times_stopped >= round; }));
        ASSERT_EQ(one.vcpu->run_state(), Run_state::stopped);
    }
    threads.run_on(0, [&] { mover.stopped = true; });
    std::atomic<bool> at_rest{false};
    EXPECT_TRUE(wait_until(
        [&]
        {
            threads.run_on(0, [&] { at_rest = mover.idle(); });
            return at_rest.load();
        }));
    EXPECT_EQ(one.times_stopped, 100u);
}

class Ticker final : public processor::Timer
{
public:
    void fired(Ticks) override { ++count; }
    std::atomic<unsigned> count{0};
};

/// A group's timers are armed and cancelled from one core while they move between two others, on which they fire.
TEST(Migration_thread, TimersMoveWhileTheyAreUsed)
{
    Running_vcpus machine(cores);
    arch::hosted::tick_on_each_look(Ticks(1'000));
    auto& one = machine.add(0);
    processor::Timer_group timers(machine.core(0).timers());
    one.on_move = [&](processor::Core& target) { timers.move(target.timers()); };
    Mover mover(machine, cores - 1, *one.vcpu, 5);
    {
        Core_threads threads(machine, cores - 1);
        Ticker ticker, idle;
        arch::hosted::become_core(Core_id(cores - 1));
        one.vcpu->start(Run_state::runnable);
        threads.run_on(0, [&] { mover.go_on(); });
        for (unsigned round = 1; round <= 300; ++round)
        {
            timers.arm(idle, timers.now() + Ticks(1'000'000'000'000));
            timers.arm(ticker, timers.now() + Ticks(round % 5 * 10'000));
            ASSERT_TRUE(wait_until([&] { return ticker.count >= round; }));
            timers.cancel(idle);
        }
        threads.run_on(0, [&] { mover.stopped = true; });
        std::atomic<bool> at_rest{false};
        ASSERT_TRUE(wait_until(
            [&]
            {
                threads.run_on(0, [&] { at_rest = mover.idle(); });
                return at_rest.load();
            }));
        EXPECT_EQ(ticker.count, 300u);
        EXPECT_EQ(idle.count, 0u);
        timers.retire(ticker);
        timers.retire(idle);
    }
}

} // namespace
} // namespace ovm::test
