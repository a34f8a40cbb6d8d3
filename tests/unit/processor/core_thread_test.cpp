#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "processor/core_threads.hpp"
#include "processor/running_vcpus.hpp"

namespace
{

using namespace ovm;
using arch::Exit;
using arch::hosted::Guest;
using processor::Run_state;
using processor::Vcpu;
namespace exit_code = arch::svm::exit_code;

constexpr std::uint64_t interrupt_flag = 0x200;

/// Each guest halts after every interrupt and sends one to the next, around a ring over all cores: a lost wake-up stops
/// the ring for ever.
TEST(Core_thread, NoWakeUpIsLostAroundARing)
{
    constexpr std::uint32_t cores = 3, vcpus = 6;
    constexpr unsigned rounds = 2000;
    test::Running_vcpus machine(cores + 1); // the last core is this thread
    std::vector<test::Running_vcpu*> ring;
    std::atomic<unsigned> rings{0};
    for (std::uint32_t i = 0; i < vcpus; ++i)
        ring.push_back(&machine.add(i % cores));
    for (std::uint32_t i = 0; i < vcpus; ++i)
    {
        auto& me = *ring[i];
        auto& next = *ring[(i + 1) % vcpus];
        me.vcpu->state().set_rflags(interrupt_flag);
        me.guest = [](Guest& guest)
        {
            // An interrupt is answered by a hypercall, nothing by HLT.
            bool const called = (guest.vmcb.control.event_injection & arch::svm::event::valid) != 0;
            guest.exit(called ? exit_code::vmmcall : exit_code::hlt);
        };
        me.on_exit = [&, i](Vcpu& vcpu, const Exit& exit)
        {
            if (exit.kind == arch::Exit_kind::halt)
                return vcpu.halt();
            if (i == 0 && rings.fetch_add(1) + 1 >= rounds)
                return;
            next.interrupts.pending = 0x41;
            next.vcpu->notify();
        };
    }
    {
        test::Core_threads const threads(machine, cores);
        arch::hosted::become_core(Core_id(cores));
        for (auto* each : ring)
            each->vcpu->start(Run_state::runnable);
        ring[0]->interrupts.pending = 0x41;
        ring[0]->vcpu->notify();
        for (unsigned waited = 0; rings < rounds && waited < 60'000; ++waited)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_GE(rings.load(), rounds);
}

/// Vcpus are started, noticed, flushed and stopped from another core while they halt and run.
TEST(Core_thread, StopAndFlushAreAnsweredWhateverTheVcpuDoes)
{
    test::Running_vcpus machine(3);
    std::vector<test::Running_vcpu*> all;
    for (std::uint32_t i = 0; i < 4; ++i)
    {
        auto& one = machine.add(i % 2);
        all.push_back(&one);
        one.vcpu->state().set_rflags(interrupt_flag);
        one.guest = [count = 0u](Guest& guest) mutable
        {
            ++count;
            guest.exit(count % 3 == 0 ? exit_code::hlt : count % 3 == 1 ? exit_code::intr : exit_code::cpuid);
        };
        one.on_exit = [](Vcpu& vcpu, const Exit& exit)
        {
            if (exit.kind == arch::Exit_kind::halt)
                vcpu.halt();
        };
    }
    {
        test::Core_threads const threads(machine, 2);
        arch::hosted::become_core(Core_id(2));
        for (unsigned round = 1; round <= 100; ++round)
        {
            for (auto* each : all)
                each->vcpu->start(Run_state::runnable);
            for (auto* each : all)
            {
                for (unsigned i = 0; i < 5; ++i)
                {
                    each->interrupts.pending = 0x30;
                    each->vcpu->notify();
                }
                each->vcpu->flush_translations();
            }
            auto const wait_for = [](const std::atomic<unsigned>& counter, unsigned least)
            {
                for (unsigned waited = 0; counter < least && waited < 20'000; ++waited)
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                return counter >= least;
            };
            for (auto* each : all)
                ASSERT_TRUE(wait_for(each->times_flushed, round));
            for (auto* each : all)
                each->vcpu->stop();
            for (auto* each : all)
            {
                ASSERT_TRUE(wait_for(each->times_stopped, round));
                EXPECT_EQ(each->vcpu->run_state(), Run_state::stopped);
            }
        }
    }
}

class Counting_timer final : public processor::Timer
{
public:
    void fired(Ticks) override { ++count; }
    std::atomic<unsigned> count{0};
};

/// Timers are armed, moved, cancelled and retired from one core while they fire on another.
TEST(Core_thread, TimersOfOneCoreAreUsedFromAnother)
{
    test::Running_vcpus machine(2);
    arch::hosted::tick_on_each_look(Ticks(100'000));
    test::Core_threads const threads(machine, 1);
    arch::hosted::become_core(Core_id(1));
    auto& timers = machine.core(0).timers();
    for (unsigned round = 0; round < 300; ++round)
    {
        Counting_timer timer;
        timers.arm(timer, timers.now() + Ticks(round % 7 * 100'000));
        arch::kick(Core_id(0));
        if (round % 3 == 0)
            timers.arm(timer, timers.now() + Ticks(50'000));
        if (round % 5 == 0)
            timers.cancel(timer);
        timers.retire(timer);
        EXPECT_FALSE(timer.armed());
    }
}

} // namespace
