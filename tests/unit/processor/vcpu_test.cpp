#include "processor/vcpu_fixture.hpp"

namespace ovm::test
{

TEST_F(Vcpu_test, ExitsGoToTheHandlerAndAreCounted)
{
    auto& one = machine_.add();
    unsigned entries = 0;
    one.guest = [&](Guest& guest) { guest.exit(++entries < 4 ? exit_code::cpuid : exit_code::intr); };
    unsigned handled = 0;
    one.on_exit = [&](Vcpu& vcpu, const Exit& exit)
    {
        EXPECT_EQ(exit.kind, Exit_kind::cpuid);
        EXPECT_EQ(&vcpu, &*one.vcpu);
        ++handled;
    };
    start(one);
    EXPECT_EQ(handled, 3u);
    auto const& window = arch::core_window();
    EXPECT_EQ(window.exits[static_cast<std::size_t>(Exit_kind::cpuid)], 3u);
    EXPECT_EQ(window.exits[static_cast<std::size_t>(Exit_kind::interrupt)], 1u);
    EXPECT_EQ(window.guest.vm, Vm_id(1));
    EXPECT_EQ(one.times_resumed, 1u);
}

TEST_F(Vcpu_test, HaltedItSleepsUntilAnInterruptComes)
{
    auto& one = machine_.add();
    unsigned entries = 0;
    std::uint64_t injected = 0;
    one.guest = [&](Guest& guest)
    {
        ++entries;
        injected = guest.vmcb.control.event_injection;
        guest.exit(entries == 1 ? exit_code::hlt : exit_code::intr);
    };
    one.on_exit = [](Vcpu& vcpu, const Exit&) { vcpu.halt(); };
    one.vcpu->state().set_rflags(interrupt_flag);
    start(one);
    EXPECT_EQ(one.vcpu->run_state(), Run_state::halted);
    machine_.turn();
    EXPECT_EQ(entries, 1u);
    one.vcpu->notify(); // nothing to deliver: it sleeps on
    machine_.turn();
    EXPECT_EQ(one.vcpu->run_state(), Run_state::halted);
    one.interrupts.pending = 0x41;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(entries, 2u);
    EXPECT_EQ(injected, event::valid | 0x41);
    EXPECT_EQ(one.interrupts.acknowledged, 1u);
    EXPECT_EQ(one.times_halted_for_good, 0u);
}

TEST_F(Vcpu_test, HaltingWithAnInterruptAtHandDoesNotSleep)
{
    auto& one = machine_.add();
    unsigned entries = 0;
    one.guest = [&](Guest& guest) { guest.exit(++entries == 1 ? exit_code::hlt : exit_code::intr); };
    one.on_exit = [&](Vcpu& vcpu, const Exit&)
    {
        one.interrupts.pending = 0x41;
        vcpu.halt();
    };
    one.vcpu->state().set_rflags(interrupt_flag);
    start(one);
    EXPECT_EQ(entries, 2u);
    EXPECT_EQ(one.interrupts.acknowledged, 1u);
}

TEST_F(Vcpu_test, HaltedWithInterruptsOffIsForGoodUntilAnNmi)
{
    auto& one = machine_.add();
    unsigned entries = 0;
    one.guest = [&](Guest& guest) { guest.exit(++entries == 1 ? exit_code::hlt : exit_code::intr); };
    one.on_exit = [](Vcpu& vcpu, const Exit&) { vcpu.halt(); };
    start(one);
    EXPECT_EQ(one.times_halted_for_good, 1u);
    EXPECT_TRUE(one.vcpu->is_halted_for_good());
    one.interrupts.pending = 0x41;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(entries, 1u);
    one.interrupts.nmi = true;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(entries, 2u);
    EXPECT_FALSE(one.vcpu->is_halted_for_good());
}

TEST_F(Vcpu_test, AnInterruptWaitsForItsWindow)
{
    auto& one = machine_.add();
    std::vector<std::uint64_t> injected;
    std::vector<bool> window;
    one.guest = [&](Guest& guest)
    {
        injected.push_back(guest.vmcb.control.event_injection);
        window.push_back((guest.vmcb.control.virtual_interrupt & arch::svm::virtual_interrupt::request) != 0);
        if (injected.size() == 1)
        {
            guest.vmcb.state.rflags |= interrupt_flag;
            return guest.exit(exit_code::virtual_intr);
        }
        guest.exit(exit_code::intr);
    };
    one.interrupts.pending = 0x41;
    one.vcpu->notify();
    start(one);
    EXPECT_EQ(injected, (std::vector<std::uint64_t>{0, event::valid | 0x41}));
    EXPECT_EQ(window, (std::vector<bool>{true, false}));
}

TEST_F(Vcpu_test, AnInterruptBetweenStiAndHltEndsTheHlt)
{
    // The shadow is seen by the exit at which the interrupt waits, or by one before, as an emulator that does not enter
    // with it shows the guest at the same place once more and without it.
    for (bool forgotten : {false, true})
    {
        auto& one = machine_.add();
        long_mode(*one.vcpu, 0x8001);
        code(0x8000, {0xfb, 0xf4, 0xfa}); // STI; HLT; CLI
        std::vector<std::uint64_t> injected;
        std::vector<std::uint64_t> at;
        one.guest = [&](Guest& guest)
        {
            injected.push_back(guest.vmcb.control.event_injection);
            at.push_back(guest.vmcb.state.rip);
            guest.vmcb.control.interrupt_shadow = injected.size() == 1 ? 1 : 0;
            if (injected.size() == (forgotten ? 2 : 1))
            {
                one.interrupts.pending = 0x41;
                one.vcpu->notify();
            }
            guest.exit(exit_code::intr);
        };
        one.vcpu->state().set_rflags(interrupt_flag);
        start(one);
        machine_.turn();
        machine_.turn();
        ASSERT_GE(injected.size(), 3u);
        EXPECT_EQ(injected[forgotten ? 2 : 1], event::valid | 0x41);
        EXPECT_EQ(at[forgotten ? 2 : 1], 0x8002u);
        EXPECT_EQ(one.vcpu->run_state(), Run_state::runnable);
        one.vcpu->stop();
        machine_.turn();
    }
}

TEST_F(Vcpu_test, AnInterruptInTheShadowOfAnotherInstructionWaitsForItsEnd)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8001);
    code(0x8000, {0xfb, 0x90, 0xf4}); // STI; NOP; HLT
    std::vector<std::uint64_t> injected;
    std::vector<std::uint64_t> at;
    bool window = false;
    one.guest = [&](Guest& guest)
    {
        injected.push_back(guest.vmcb.control.event_injection);
        at.push_back(guest.vmcb.state.rip);
        window = (guest.vmcb.control.virtual_interrupt & arch::svm::virtual_interrupt::request) != 0;
        guest.vmcb.control.interrupt_shadow = 1;
        guest.exit(exit_code::intr);
    };
    one.vcpu->state().set_rflags(interrupt_flag);
    start(one);
    one.interrupts.pending = 0x41;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(injected.back(), 0u);
    EXPECT_EQ(at.back(), 0x8001u);
    EXPECT_TRUE(window);
}

TEST_F(Vcpu_test, TheTaskPriorityHoldsLocalButNotExternalInterrupts)
{
    for (bool external : {false, true})
    {
        auto& one = machine_.add();
        std::uint64_t injected = 0;
        std::uint64_t request = 0;
        one.guest = [&](Guest& guest)
        {
            injected = guest.vmcb.control.event_injection;
            request = guest.vmcb.control.virtual_interrupt;
            guest.exit(exit_code::intr);
        };
        one.interrupts.external = external;
        one.interrupts.pending = 0x41;
        one.vcpu->state().set_rflags(interrupt_flag);
        one.vcpu->state().set_task_priority(4);
        one.vcpu->notify();
        start(one);
        EXPECT_EQ(injected != 0, external);
        if (!external)
            EXPECT_EQ(request & arch::svm::virtual_interrupt::priority_mask, 4u << 16);
        one.vcpu->stop();
        machine_.turn();
    }
}

TEST_F(Vcpu_test, InitAndStartupWakeASecondProcessor)
{
    auto& one = machine_.add(0, 1);
    unsigned entries = 0;
    std::uint64_t base = 0;
    one.guest = [&](Guest& guest)
    {
        ++entries;
        base = guest.vmcb.state.cs.base;
        guest.exit(exit_code::intr);
    };
    start(one, Run_state::waiting_for_startup);
    one.interrupts.init = true;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(entries, 0u);
    one.interrupts.startup = 0x9a;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(entries, 1u);
    EXPECT_EQ(base, 0x9a000u);
    // Another start-up IPI means nothing to it now; INIT makes it wait again.
    one.interrupts.startup = 0x55;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(base, 0x9a000u);
    one.interrupts.init = true;
    one.vcpu->notify();
    machine_.turn();
    EXPECT_EQ(one.vcpu->run_state(), Run_state::waiting_for_startup);
    EXPECT_EQ(entries, 2u);
}

TEST_F(Vcpu_test, LoopsOfAlignmentAndDebugExceptionsEndWithTheSlice)
{
    auto& one = machine_.add();
    auto& other = machine_.add();
    unsigned entries = 0;
    one.guest = [&](Guest& guest)
    {
        // Delivering the exception raises it again; once in a while the host's timer is pending.
        if (++entries > 1)
            EXPECT_EQ(guest.vmcb.control.event_injection & event::vector_mask, entries % 2 == 0 ? 17u : 1u);
        guest.vmcb.control.exit_int_info = entries > 1 ? event::valid | event::exception | 1 : 0;
        if (entries % 100 == 0)
        {
            arch::hosted::advance(Nanoseconds(11'000'000));
            return guest.exit(exit_code::intr);
        }
        guest.exit(exit_code::exception + (entries % 2 == 0 ? 1 : 17));
    };
    unsigned others = 0;
    other.guest = [&](Guest& guest)
    {
        ++others;
        guest.exit(exit_code::intr);
        arch::hosted::advance(Nanoseconds(11'000'000));
    };
    one.on_exit = [](Vcpu&, const Exit&) { FAIL(); };
    one.vcpu->start(Run_state::runnable);
    other.vcpu->start(Run_state::runnable);
    for (unsigned i = 0; i < 10 && (entries < 100 || others == 0); ++i)
        machine_.turn();
    EXPECT_GE(entries, 100u);
    EXPECT_GE(others, 1u);
}

TEST_F(Vcpu_test, StopTakesItOffItsCoreWhateverItDoes)
{
    for (auto state : {Run_state::runnable, Run_state::halted, Run_state::waiting_for_startup, Run_state::stopped})
    {
        auto& one = machine_.add(0, 1);
        one.guest = [state](Guest& guest)
        { guest.exit(state == Run_state::halted ? exit_code::hlt : exit_code::intr); };
        one.on_exit = [](Vcpu& vcpu, const Exit&) { vcpu.halt(); };
        one.vcpu->state().set_rflags(interrupt_flag);
        if (state != Run_state::stopped)
            start(one, state == Run_state::waiting_for_startup ? state : Run_state::runnable);
        EXPECT_EQ(one.vcpu->run_state(), state);
        one.vcpu->stop();
        machine_.turn();
        EXPECT_EQ(one.times_stopped, 1u);
        EXPECT_EQ(one.vcpu->run_state(), Run_state::stopped);
        EXPECT_EQ(arch::core_window().guest.vm, Vm_id(0));
    }
}

TEST_F(Vcpu_test, AHandlerMayStopItsOwnVcpuAndHaltIt)
{
    auto& one = machine_.add();
    one.guest = [](Guest& guest) { guest.exit(exit_code::shutdown); };
    one.on_exit = [](Vcpu& vcpu, const Exit&)
    {
        vcpu.stop();
        vcpu.halt();
    };
    start(one);
    machine_.turn();
    EXPECT_EQ(one.times_stopped, 1u);
    // And again from the beginning.
    one.vcpu->state().reset(arch::Reset::power_on);
    start(one);
    machine_.turn();
    EXPECT_EQ(one.times_stopped, 2u);
}

TEST_F(Vcpu_test, TwoShareACoreBySlicesAndTheWaitIsStolenTime)
{
    auto& one = machine_.add();
    auto& two = machine_.add();
    std::array<unsigned, 2> ran{};
    for (auto* each : {&one, &two})
    {
        auto& count = ran[each == &one ? 0 : 1];
        each->guest = [&count](Guest& guest)
        {
            ++count;
            EXPECT_TRUE(arch::hosted::timer(Core_id(0))); // the slice will end
            arch::hosted::advance(Nanoseconds(2'500'000));
            guest.exit(exit_code::intr);
        };
    }
    one.vcpu->start(Run_state::runnable);
    two.vcpu->start(Run_state::runnable);
    for (unsigned i = 0; i < 80; ++i)
        machine_.turn();
    EXPECT_EQ(ran[0], 40u);
    EXPECT_EQ(ran[1], 40u);
    EXPECT_NEAR(static_cast<double>(one.vcpu->steal_time().value()), 100e6, 11e6);
    EXPECT_NEAR(static_cast<double>(two.vcpu->steal_time().value()), 100e6, 11e6);
}

TEST_F(Vcpu_test, AnotherCoresVcpuIsKickedOnceForManyNotices)
{
    auto& one = machine_.add(1);
    auto const before = arch::hosted::kicks(Core_id(1));
    for (unsigned i = 0; i < 10; ++i)
        one.vcpu->notify();
    EXPECT_EQ(arch::hosted::kicks(Core_id(1)), before + 1);
    // To itself no kick is needed.
    auto& here = machine_.add(0);
    auto const own = arch::hosted::kicks(Core_id(0));
    here.vcpu->notify();
    EXPECT_EQ(arch::hosted::kicks(Core_id(0)), own);
}

} // namespace ovm::test
