#include "processor/virtual_processor_fixture.hpp"

namespace ovm::test
{

TEST_F(Virtual_processor_test, CleanBitsFollowEveryWrite)
{
    auto& processor = make();
    hosted::run_guests_as([](hosted::Guest& guest) { guest.exit(exit_code::cpuid); });
    run(processor);
    EXPECT_EQ(last_entry().clean_bits, 0u); // new here: nothing can be kept
    run(processor);
    EXPECT_EQ(last_entry().clean_bits, clean::all);

    using Change = std::function<void()>;
    std::vector<std::pair<Change, std::uint32_t>> const changes{
        {[&] { processor.set_cr0(0x11); }, clean::control_registers},
        {[&] { processor.set_cr3(0x1000); }, clean::control_registers},
        {[&] { processor.set_cr4(0x20); }, clean::control_registers},
        {[&] { processor.set_efer(1); }, clean::control_registers},
        {[&] { processor.set_cr2(1); }, clean::cr2},
        {[&] { processor.set_dr6(0); }, clean::debug_registers},
        {[&] { processor.set_dr7(0x400); }, clean::debug_registers},
        {[&] { processor.set_segment(Segment_name::cs, {}); }, clean::segments},
        {[&] { processor.set_segment(Segment_name::gdtr, {}); }, clean::descriptor_tables},
        {[&] { processor.start(1); }, clean::segments},
        {[&] { processor.set_tsc_offset(5); }, clean::intercepts},
        {[&] { processor.set_task_priority(3); }, clean::virtual_interrupt},
        {[&] { processor.request_interrupt_window(0x40, false); }, clean::virtual_interrupt | clean::intercepts},
        {[&] { processor.cancel_interrupt_window(); }, clean::virtual_interrupt | clean::intercepts},
        {[&] { processor.inject({.type = Event::Type::nmi, .vector = 2}); }, clean::intercepts},
        {[&] { static_cast<void>(processor.write_msr(0x277, 0)); }, clean::nested_paging},
        {[&] { processor.set_nested_root(Host_physical(0x5000)); }, clean::nested_paging | clean::asid},
        {[&] { processor.forget_translations(); }, clean::asid},
        {[&] { processor.reset(Reset::init); }, clean::all},
    };
    for (std::size_t i = 0; i < changes.size(); ++i)
    {
        changes[i].first();
        run(processor);
        EXPECT_EQ(last_entry().clean_bits & changes[i].second, 0u) << "change " << i;
        run(processor);
        EXPECT_EQ(last_entry().clean_bits, clean::all) << "change " << i;
    }
    run(processor, 0);
    processor.leave(cores_[0]);
    run(processor, 1);
    EXPECT_EQ(last_entry(1).clean_bits, 0u); // another core knows nothing of it
}

TEST_F(Virtual_processor_test, WithoutCleanBitsNothingIsClean)
{
    auto features = hosted::default_features();
    features.clean_bits = false;
    hosted::set_virtualization(Virtualization_support::available, features);
    cores_[0] = make_core(0);
    auto& processor = make();
    run(processor);
    run(processor);
    EXPECT_EQ(last_entry().clean_bits, 0u);
}

/// 200 VMs on 16 ASIDs, and a translation buffer that keeps everything until it is told to flush.
TEST_F(Virtual_processor_test, TwoHundredVmsOnSixteenAsidsNeverShareTranslations)
{
    std::map<std::uint32_t, Virtual_processor*> buffer; ///< ASID to whose translations are there
    std::vector<Virtual_processor*> processors;
    for (std::uint32_t vm = 1; vm <= 200; ++vm)
        processors.push_back(&make(vm));
    Virtual_processor* running = nullptr;
    std::size_t flushes = 0;
    hosted::run_guests_as(
        [&](hosted::Guest& guest)
        {
            if (guest.vmcb.control.tlb_control == svm::Tlb_control::flush_all)
            {
                buffer.clear();
                ++flushes;
            }
            auto const asid = guest.vmcb.control.asid;
            EXPECT_GE(asid, 1u);
            EXPECT_LT(asid, 16u);
            if (auto const found = buffer.find(asid); found != buffer.end())
                EXPECT_EQ(found->second, running);
            buffer[asid] = running;
            guest.exit(exit_code::cpuid);
        });
    for (unsigned round = 0; round < 3; ++round)
    {
        for (auto* processor : processors)
        {
            running = processor;
            for (unsigned entry = 0; entry < 3; ++entry)
                run(*processor);
        }
    }
    EXPECT_EQ(flushes, 600u / 15); // one for each generation, not one more
}

TEST_F(Virtual_processor_test, ForgettingTranslationsTakesAnotherAsid)
{
    auto& processor = make();
    run(processor);
    auto const before = last_entry();
    run(processor);
    EXPECT_EQ(last_entry().value, before.value);
    EXPECT_EQ(last_entry().flush, svm::Tlb_control::nothing);
    processor.forget_translations();
    run(processor);
    EXPECT_NE(last_entry().value, before.value);
}

TEST_F(Virtual_processor_test, ExtendedStateStaysWithItsGuest)
{
    auto& first = make(1);
    auto& second = make(2);
    std::map<svm::Vmcb*, std::uint64_t> patterns;
    hosted::run_guests_as(
        [&](hosted::Guest& guest)
        {
            auto& registers = hosted::extended_registers(guest.core);
            auto const [found, is_new] = patterns.try_emplace(&guest.vmcb, 0x1111 * (patterns.size() + 1));
            auto const pattern = found->second;
            if (is_new)
            {
                registers.xcr0 = pattern == 0x1111 ? 7 : 3; // XSETBV, unseen
                registers.content = pattern;
                registers.debug = {pattern, pattern + 1, pattern + 2, pattern + 3};
            }
            EXPECT_EQ(registers.xcr0, pattern == 0x1111 ? 7u : 3u);
            EXPECT_EQ(registers.content, pattern);
            EXPECT_EQ(registers.debug[3], pattern + 3);
            registers.content = pattern; // it may be loaded with anything in between
            guest.exit(exit_code::cpuid);
        });
    ASSERT_TRUE(first.write_msr(0xc000'0103, 77));
    for (unsigned i = 0; i < 5; ++i)
    {
        run(first);
        EXPECT_EQ(hosted::extended_registers(Core_id(0)).tsc_aux, 77u);
        run(second);
        EXPECT_EQ(hosted::extended_registers(Core_id(0)).tsc_aux, 0u);
    }
    EXPECT_EQ(first.xcr0(), 7u);
    EXPECT_EQ(count(Kind::load_state), 10);
    // To another core and back.
    second.leave(cores_[0]);
    run(second, 1);
    hosted::become_core(Core_id(1));
    second.leave(cores_[1]);
    run(second, 0);
}

TEST_F(Virtual_processor_test, NothingOfAGuestsBreakpointsStaysBehind)
{
    auto features = hosted::default_features();
    features.stray_breakpoints = true;
    hosted::set_virtualization(Virtualization_support::available, features);
    auto& processor = make();
    svm::hardware::Debug_addresses found{};
    hosted::run_guests_as(
        [&](hosted::Guest& guest)
        {
            found = std::exchange(hosted::extended_registers(guest.core).debug, {1, 2, 3, 4});
            guest.exit(exit_code::cpuid);
        });
    auto const leave_with = [&](std::uint64_t control)
    {
        auto const before = count(Kind::forget_breakpoints);
        processor.set_dr7(control);
        run(processor);
        EXPECT_EQ(count(Kind::forget_breakpoints), before) << "not at each exit";
        processor.leave(cores_[0]);
        EXPECT_EQ(hosted::extended_registers(Core_id(0)).debug, svm::hardware::Debug_addresses{});
        return count(Kind::forget_breakpoints) - before;
    };
    EXPECT_EQ(leave_with(0x400), 0);
    EXPECT_EQ(leave_with(0x401), 1);
    EXPECT_EQ(leave_with(0x4ff), 1);
    EXPECT_EQ(leave_with(0x10401), 0) << "on data";
    EXPECT_EQ(leave_with(0x10410), 1) << "on data, but off";
    EXPECT_EQ(found, (svm::hardware::Debug_addresses{1, 2, 3, 4})) << "the guest finds its own again";
}

TEST_F(Virtual_processor_test, AloneOnItsCoreItIsNotSwitched)
{
    auto& processor = make();
    for (unsigned i = 0; i < 100; ++i)
        run(processor);
    EXPECT_EQ(count(Kind::load_state), 1);
    EXPECT_EQ(count(Kind::save_state), 0);
    EXPECT_EQ(count(Kind::set_debug_addresses), 1);
}

TEST_F(Virtual_processor_test, ABarrierStandsBetweenVmsButNotWithinOne)
{
    auto& first = make(1);
    auto& sibling = make(1);
    auto& other = make(2);
    run(first);
    auto const before = count(Kind::prediction_barrier);
    run(sibling);
    run(first);
    EXPECT_EQ(count(Kind::prediction_barrier), before);
    run(other);
    EXPECT_EQ(count(Kind::prediction_barrier), before + 1);
    run(first);
    EXPECT_EQ(count(Kind::prediction_barrier), before + 2);
}

TEST_F(Virtual_processor_test, SpeculationControlIsTheGuestsOnlyInTheGuest)
{
    auto& processor = make();
    run(processor);
    EXPECT_EQ(count(Kind::set_speculation_control), 0);
    ASSERT_TRUE(processor.write_msr(0x48, 5));
    run(processor);
    auto const uses = hosted::uses(Core_id(0));
    ASSERT_GE(uses.size(), 3u);
    EXPECT_EQ(uses[uses.size() - 3].value, 5u);
    EXPECT_EQ(uses[uses.size() - 2].kind, Kind::enter);
    EXPECT_EQ(uses[uses.size() - 1].kind, Kind::set_speculation_control);
    EXPECT_EQ(uses[uses.size() - 1].value, 0u);
}

TEST_F(Virtual_processor_test, ACoreWithoutOrWithLockedSvmIsRefused)
{
    for (auto support :
         {Virtualization_support::absent, Virtualization_support::locked_off, Virtualization_support::no_nested_paging})
    {
        hosted::set_virtualization(support, hosted::default_features());
        EXPECT_EQ(Virtual_core::create(Core_id(0), take(Virtual_core::memory_needed)).error(), Error::unsupported);
    }
}

} // namespace ovm::test
