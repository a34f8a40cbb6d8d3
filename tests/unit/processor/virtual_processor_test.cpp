#include "processor/virtual_processor_fixture.hpp"

namespace ovm::test
{

TEST_F(Virtual_processor_test, PowerOnStateIsTheManuals)
{
    auto& processor = make();
    EXPECT_EQ(processor.cr0(), 0x6000'0010u);
    EXPECT_EQ(processor.rip(), 0xfff0u);
    EXPECT_EQ(processor.rflags(), 2u);
    EXPECT_EQ(processor.segment(Segment_name::cs).selector, 0xf000);
    EXPECT_EQ(processor.segment(Segment_name::cs).base, 0xffff'0000u);
    EXPECT_EQ(processor.dr6(), 0xffff'0ff0u);
    EXPECT_EQ(processor.dr7(), 0x400u);
    EXPECT_EQ(processor.efer(), 0u);
    EXPECT_EQ(processor.xcr0(), 1u);
    EXPECT_EQ(processor.read_msr(0x277), 0x0007'0406'0007'0406u);
    EXPECT_EQ(processor.get(Register::rdx), hosted::default_features().signature);
    EXPECT_EQ(processor.mode(), instruction::Mode::real16);
}

TEST_F(Virtual_processor_test, InitLeavesWhatTheManualSaysAndStartBeginsAtTheVector)
{
    auto& processor = make();
    ASSERT_TRUE(processor.write_msr(0xc000'0082, 0x1234));
    processor.set_cr0(0x4000'0011);
    processor.set_cr4(0x20);
    processor.reset(Reset::init);
    EXPECT_EQ(processor.cr0(), 0x4000'0010u);
    EXPECT_EQ(processor.cr4(), 0u);
    EXPECT_EQ(processor.read_msr(0xc000'0082), 0x1234u);
    processor.start(0x9a);
    EXPECT_EQ(processor.rip(), 0u);
    EXPECT_EQ(processor.segment(Segment_name::cs).selector, 0x9a00);
    EXPECT_EQ(processor.segment(Segment_name::cs).base, 0x9a000u);
}

TEST_F(Virtual_processor_test, TheGuestNeverSeesOrClearsSvme)
{
    auto& processor = make();
    std::uint64_t in_vmcb = 0;
    hosted::run_guests_as(
        [&](hosted::Guest& guest)
        {
            in_vmcb = guest.vmcb.state.efer;
            guest.exit(exit_code::cpuid);
        });
    EXPECT_TRUE(processor.write_msr(0xc000'0080, 0x901));
    EXPECT_EQ(processor.read_msr(0xc000'0080), 0x901u);
    run(processor);
    EXPECT_EQ(in_vmcb, 0x1901u);
    EXPECT_EQ(processor.write_msr(0xc000'0080, 0x1000).error(), Error::denied);
    processor.set_cr0(0x8000'0011);
    EXPECT_EQ(processor.write_msr(0xc000'0080, 0x001).error(), Error::denied); // LME under paging
}

TEST_F(Virtual_processor_test, MsrsRefuseWhatProcessorsRefuse)
{
    auto& processor = make();
    EXPECT_EQ(processor.write_msr(0xc000'0082, 0x8000'0000'0000'0000).error(), Error::denied);
    EXPECT_EQ(processor.write_msr(0x277, 0x0200'0000'0000'0000).error(), Error::denied);
    EXPECT_EQ(processor.write_msr(0xda0, 1).error(), Error::denied);
    EXPECT_EQ(processor.write_msr(0x48, 8).error(), Error::denied);
    EXPECT_EQ(processor.write_msr(0xc000'0103, std::uint64_t{1} << 32).error(), Error::denied);
    EXPECT_EQ(processor.read_msr(0x10).error(), Error::not_found);
    EXPECT_TRUE(processor.write_msr(0xc000'0100, 0xffff'8000'0000'0000));
    EXPECT_EQ(processor.segment(Segment_name::fs).base, 0xffff'8000'0000'0000u);
}

TEST_F(Virtual_processor_test, SetXcr0ChecksAsXsetbv)
{
    auto& processor = make();
    processor.set(Register::rcx, 0);
    EXPECT_TRUE(processor.set_xcr0(7));
    for (std::uint64_t wrong : {0u, 2u, 5u, 0x15u, 0xe7u})
        EXPECT_FALSE(processor.set_xcr0(wrong)) << wrong;
    EXPECT_EQ(processor.xcr0(), 7u);
    processor.set(Register::rcx, 1);
    EXPECT_FALSE(processor.set_xcr0(3));
    processor.set(Register::rcx, 0);
    processor.set_segment(Segment_name::ss, {0x2b, 0xcf3, 0xffff'ffff, 0});
    EXPECT_FALSE(processor.set_xcr0(3)); // not at privilege level 3
}

TEST_F(Virtual_processor_test, AnEventThatWasOnItsWayIsDeliveredAgain)
{
    auto& processor = make();
    struct Case
    {
        std::uint64_t lost;
        bool again;
    };
    for (auto const& [lost, again] :
         {Case{0x8000'0000 | 0x41, true}, Case{0x8000'0202, true}, Case{0x12'8000'0b0e, true}, Case{0x8000'0480, false},
          Case{0x8000'0303, false}, Case{0x8000'0304, false}})
    {
        hosted::run_guests_as(
            [lost](hosted::Guest& guest)
            {
                guest.vmcb.control.exit_int_info = lost;
                guest.exit(exit_code::nested_fault, 4, 0x1000);
            });
        // The fake clears the injection after its guest ran, as the processor does before the exit is seen.
        auto const& exit = run(processor);
        EXPECT_EQ(exit.kind, Exit_kind::memory);
        EXPECT_EQ(processor.event_pending(), again) << std::hex << lost;
        if (auto const event = processor.take_event())
        {
            EXPECT_EQ(event->vector, lost & 0xff);
            EXPECT_EQ(event->error_code.has_value(), (lost & 0x800) != 0);
            if (event->error_code)
                EXPECT_EQ(*event->error_code, 0x12u);
        }
    }
}

TEST_F(Virtual_processor_test, NmisWaitForIretAndOneInstructionMore)
{
    auto& processor = make();
    processor.set_rip(0x100);
    ASSERT_TRUE(processor.can_take_nmi());
    processor.inject({.type = Event::Type::nmi, .vector = 2});
    bool intercepted = false;
    hosted::run_guests_as(
        [&](hosted::Guest& guest)
        {
            intercepted = (guest.vmcb.control.intercepts1 & svm::intercept1::iret) != 0;
            guest.exit(exit_code::cpuid);
        });
    run(processor);
    EXPECT_TRUE(intercepted);
    EXPECT_FALSE(processor.can_take_nmi());
    hosted::run_guests_as(
        [](hosted::Guest& guest)
        {
            guest.vmcb.state.rip = 0x900;
            guest.exit(exit_code::iret);
        });
    EXPECT_EQ(run(processor).kind, Exit_kind::interrupt_window);
    EXPECT_FALSE(processor.can_take_nmi()); // IRET itself comes first
    hosted::run_guests_as(
        [&](hosted::Guest& guest)
        {
            intercepted = (guest.vmcb.control.intercepts1 & svm::intercept1::iret) != 0;
            guest.vmcb.state.rip = 0x104;
            guest.exit(exit_code::cpuid);
        });
    run(processor);
    EXPECT_FALSE(intercepted);
    EXPECT_TRUE(processor.can_take_nmi());
}

TEST_F(Virtual_processor_test, ExitsAreDescribed)
{
    auto& processor = make();
    auto const exit_with = [&](std::uint64_t code, std::uint64_t one = 0, std::uint64_t two = 0) -> const Exit&
    {
        hosted::run_guests_as([=](hosted::Guest& guest) { guest.exit(code, one, two); });
        return run(processor);
    };
    auto const& port = exit_with(exit_code::ports, 0x3f8'0011, 0x1234);
    EXPECT_EQ(port.kind, Exit_kind::port);
    EXPECT_EQ(port.port.port, 0x3f8);
    EXPECT_EQ(port.port.size, 1);
    EXPECT_TRUE(port.port.in);
    EXPECT_FALSE(port.port.string);
    EXPECT_EQ(port.next_rip, 0x1234u);
    EXPECT_TRUE(exit_with(exit_code::ports, 0x80'004c, 1).port.string);

    processor.set(Register::rcx, 0xffff'ffff'0000'001b);
    processor.set(Register::rax, 0xffff'ffff'0000'0900);
    processor.set(Register::rdx, 0x12);
    hosted::run_guests_as([&](hosted::Guest& guest) { guest.exit(exit_code::msr, 1); });
    auto const& write = run(processor);
    EXPECT_EQ(write.kind, Exit_kind::msr_write);
    EXPECT_EQ(write.msr, 0x1bu);
    EXPECT_EQ(write.value, 0x12'0000'0900u);
    EXPECT_EQ(exit_with(exit_code::msr, 0).kind, Exit_kind::msr_read);

    auto const& memory = exit_with(exit_code::nested_fault, 0x2'0000'0006, 0xfee0'0020);
    EXPECT_EQ(memory.kind, Exit_kind::memory);
    EXPECT_TRUE(memory.memory.write);
    EXPECT_FALSE(memory.memory.present);
    EXPECT_TRUE(memory.memory.page_walk);
    EXPECT_EQ(memory.memory.address, Guest_physical(0xfee0'0020));

    auto const& alignment = exit_with(exit_code::exception + 17, 0);
    EXPECT_EQ(alignment.kind, Exit_kind::exception);
    EXPECT_EQ(alignment.vector, 17);
    EXPECT_EQ(alignment.error_code, 0u);
    EXPECT_FALSE(exit_with(exit_code::exception + 1).error_code);
    EXPECT_TRUE(exit_with(exit_code::icebp).by_instruction);
    EXPECT_EQ(exit_with(exit_code::exception + 18).kind, Exit_kind::machine_check);
    EXPECT_EQ(exit_with(exit_code::invalid).kind, Exit_kind::invalid_state);
    EXPECT_EQ(exit_with(~0ull).kind, Exit_kind::invalid_state);
    EXPECT_EQ(exit_with(0x8f).kind, Exit_kind::unknown);
    EXPECT_EQ(exit_with(0x402).kind, Exit_kind::unknown);
    for (auto code : {exit_code::vmrun, exit_code::vmload, exit_code::vmsave, exit_code::stgi, exit_code::clgi,
                      exit_code::skinit, exit_code::invlpga, exit_code::rsm})
        EXPECT_EQ(exit_with(code).kind, Exit_kind::virtualization);
}

TEST_F(Virtual_processor_test, EverythingDangerousIsIntercepted)
{
    auto& processor = make();
    hosted::run_guests_as(
        [&](hosted::Guest& guest)
        {
            auto const& control = guest.vmcb.control;
            namespace i1 = svm::intercept1;
            namespace i2 = svm::intercept2;
            constexpr auto first = i1::intr | i1::nmi | i1::init | i1::cpuid | i1::hlt | i1::ports | i1::msrs |
                                   i1::shutdown | i1::invd | i1::rdpmc | i1::invlpga | i1::task_switch | i1::rsm;
            constexpr auto second = i2::vmrun | i2::vmmcall | i2::vmload | i2::vmsave | i2::stgi | i2::clgi |
                                    i2::skinit | i2::icebp | i2::wbinvd | i2::monitor | i2::mwait | i2::xsetbv;
            EXPECT_EQ(control.intercepts1 & first, first);
            EXPECT_EQ(control.intercepts2 & second, second);
            EXPECT_EQ(control.exceptions, 1u << 1 | 1u << 17 | 1u << 18);
            EXPECT_EQ(control.nested_paging, 1u);
            EXPECT_NE(control.virtual_interrupt & svm::virtual_interrupt::masking, 0u);
            EXPECT_NE(control.port_map, 0u);
            EXPECT_NE(control.msr_map, 0u);
            guest.exit(exit_code::cpuid);
        });
    run(processor);
}

TEST_F(Virtual_processor_test, AnEmulatorThatRepeatsInjectionsIsLeftRightBehindThem)
{
    auto features = hosted::default_features();
    features.repeats_injections = true;
    hosted::set_virtualization(Virtualization_support::available, features);
    auto& processor = make();
    processor.set_rflags(0x202);
    run(processor);
    auto const before = hosted::kicks(Core_id(0));
    processor.inject({.type = Event::Type::interrupt, .vector = 0x30});
    EXPECT_EQ(hosted::kicks(Core_id(0)), before + 1);

    // An exit in the middle of the delivery puts it back, and it is injected again.
    hosted::run_guests_as(
        [](hosted::Guest& guest)
        {
            guest.vmcb.control.exit_int_info = guest.vmcb.control.event_injection;
            guest.exit(exit_code::nested_fault);
        });
    run(processor);
    EXPECT_EQ(hosted::kicks(Core_id(0)), before + 2);

    // On its way to another core the interrupt of our own stays behind.
    processor.leave(cores_[0]);
    auto const there = hosted::kicks(Core_id(1));
    run(processor, 1);
    EXPECT_GT(hosted::kicks(Core_id(1)), there);
    processor.leave(cores_[1]);
    run(processor);

    static_cast<void>(processor.take_event());
    auto const after = hosted::kicks(Core_id(0));
    processor.inject({.type = Event::Type::exception, .vector = 6});
    EXPECT_EQ(hosted::kicks(Core_id(0)), after);
}

TEST_F(Virtual_processor_test, ABreakpointOfAnotherGuestIsSteppedOver)
{
    auto features = hosted::default_features();
    for (bool const emulator : {true, false})
    {
        features.stray_breakpoints = emulator;
        hosted::set_virtualization(Virtualization_support::available, features);
        auto& processor = make();
        std::uint64_t cause = 0;
        hosted::run_guests_as(
            [&](hosted::Guest& guest)
            {
                guest.vmcb.state.dr6 = 0xffff'0ff0 | cause;
                guest.exit(exit_code::exception + 1);
            });
        processor.set_rflags(0x202);
        EXPECT_EQ(run(processor).kind, emulator ? Exit_kind::interrupt : Exit_kind::exception);
        EXPECT_EQ(processor.rflags(), emulator ? 0x1'0202u : 0x202u);
        processor.set_rflags(0x202);
        for (cause = 1; cause <= 0x8000; cause = cause == 8 ? 0x2000 : cause * 2) // its own
        {
            EXPECT_EQ(run(processor).kind, Exit_kind::exception) << cause;
            EXPECT_EQ(processor.rflags(), 0x202u);
        }
    }
}

TEST_F(Virtual_processor_test, OtherProcessorsAreNotLeftBehindAnInjection)
{
    auto& processor = make();
    processor.set_rflags(0x202);
    processor.inject({.type = Event::Type::interrupt, .vector = 0x30});
    EXPECT_EQ(hosted::kicks(Core_id(0)), 0u);
}

} // namespace ovm::test
