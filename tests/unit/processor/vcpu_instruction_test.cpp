#include "processor/vcpu_fixture.hpp"

namespace ovm::test
{

TEST_F(Vcpu_test, AdvanceDecodesTheLengthThroughTheGuestsTables)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8000);
    code(0x8000, {0x0f, 0xa2});       // CPUID
    code(0x8002, {0x66, 0x0f, 0xa2}); // with a prefix
    code(0x8005, {0xf4});             // HLT
    auto& state = one.vcpu->state();
    Exit const exit{.kind = Exit_kind::cpuid};
    for (auto expected : {0x8002u, 0x8005u, 0x8006u})
    {
        one.vcpu->advance(exit);
        EXPECT_EQ(state.rip(), expected);
        EXPECT_FALSE(state.event_pending());
    }
    one.vcpu->advance(Exit{.next_rip = 0x9000});
    EXPECT_EQ(state.rip(), 0x9000u);
}

TEST_F(Vcpu_test, AnInstructionMayCrossIntoAnotherPage)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8ffe);
    // Virtual page 9 lies elsewhere than the next physical page.
    ASSERT_TRUE(machine_.memory().store(Guest_physical(0x4000 + 9 * 8), 8, 0x20027));
    code(0x8ffe, {0x48, 0x8b}); // MOV RAX, [RIP+disp32]
    code(0x20000, {0x05, 1, 2, 3, 4});
    one.vcpu->advance(Exit{});
    EXPECT_EQ(one.vcpu->state().rip(), 0x9005u);

    one.vcpu->state().set_rip(0x8ffe);
    auto const decoded = one.vcpu->decode();
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->length, 7);

    // Not present: the fault is the second page's.
    ASSERT_TRUE(machine_.memory().store(Guest_physical(0x4000 + 9 * 8), 8, 0));
    EXPECT_EQ(one.vcpu->decode().error(), Error::not_present);
    EXPECT_EQ(one.vcpu->state().cr2(), 0x9000u);
    EXPECT_EQ(one.vcpu->state().take_event()->vector, 14);
    // One that ends with the page needs no other.
    code(0x8ffe, {0x0f, 0xa2});
    one.vcpu->advance(Exit{});
    EXPECT_EQ(one.vcpu->state().rip(), 0x9000u);
}

TEST_F(Vcpu_test, TheTranslationOfRipIsReadAnewEachTime)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8000);
    code(0x8000, {0x0f, 0xa2});
    code(0x20000, {0xf4});
    one.vcpu->advance(Exit{});
    EXPECT_EQ(one.vcpu->state().rip(), 0x8002u);
    one.vcpu->state().set_rip(0x8000);
    ASSERT_TRUE(machine_.memory().store(Guest_physical(0x4000 + 8 * 8), 8, 0x20027));
    one.vcpu->advance(Exit{});
    EXPECT_EQ(one.vcpu->state().rip(), 0x8001u);
}

TEST_F(Vcpu_test, AFlushForgetsWherePagesAre)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8000);
    code(0x8000, {0x0f, 0xa2});
    start(one);
    one.vcpu->advance(Exit{});
    // The guest's page moves to another frame, as a reclaimer would do it.
    auto const leaf = machine_.memory().remove(Guest_physical(0x8000));
    ASSERT_TRUE(leaf);
    code(0x8000, {0xf4});
    one.vcpu->flush_translations();
    machine_.turn();
    EXPECT_EQ(one.times_flushed, 1u);
    auto const uses = arch::hosted::uses(Core_id(0));
    machine_.memory().give_back(*leaf);
    one.vcpu->state().set_rip(0x8000);
    one.vcpu->advance(Exit{});
    EXPECT_EQ(one.vcpu->state().rip(), 0x8001u);
    EXPECT_NE(uses.back().value, 1u); // another ASID than before
}

TEST_F(Vcpu_test, GarbageRaisesWhatItShould)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8000);
    auto& state = one.vcpu->state();
    code(0x8000, {0x0f, 0x04}); // undefined
    one.vcpu->advance(Exit{});
    EXPECT_EQ(state.take_event()->vector, 6);
    EXPECT_EQ(state.rip(), 0x8000u);
    code(0x8000, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x0f, 0xa2});
    one.vcpu->advance(Exit{});
    EXPECT_EQ(state.take_event()->vector, 13);
    state.set_rip(0x7000'0000);
    one.vcpu->advance(Exit{});
    auto const fault = state.take_event();
    EXPECT_EQ(fault->vector, 14);
    EXPECT_EQ(fault->error_code, 0x10u);
    EXPECT_EQ(state.cr2(), 0x7000'0000u);
}

TEST_F(Vcpu_test, ASingleStepAndTheShadowEndWithTheInstruction)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8000);
    auto& state = one.vcpu->state();
    state.set_rflags(0x100);
    one.vcpu->advance(2u);
    EXPECT_EQ(state.take_event()->vector, 1);
    EXPECT_NE(state.dr6() & 0x4000, 0u);
}

TEST_F(Vcpu_test, TwoFaultsBecomeADoubleFaultAsTheManualSays)
{
    auto& one = machine_.add();
    auto& state = one.vcpu->state();
    struct Case
    {
        std::uint8_t first, second, result;
    };
    for (auto const& [first, second, result] : {Case{13, 13, 8}, Case{14, 13, 8}, Case{14, 14, 8}, Case{13, 14, 14},
                                                Case{1, 13, 13}, Case{14, 17, 17}, Case{0, 11, 8}, Case{8, 6, 6}})
    {
        one.vcpu->inject_exception(first, 0);
        one.vcpu->inject_exception(second, 0);
        EXPECT_EQ(state.take_event()->vector, result) << int{first} << ' ' << int{second};
    }
}

TEST_F(Vcpu_test, Int1IsPassedBeforeItsTrap)
{
    auto& one = machine_.add();
    long_mode(*one.vcpu, 0x8000);
    code(0x8000, {0xf1});
    std::vector<std::uint64_t> rips;
    one.guest = [&](Guest& guest)
    {
        rips.push_back(guest.vmcb.state.rip);
        if (rips.size() == 2)
            EXPECT_EQ(guest.vmcb.control.event_injection, event::valid | event::exception | 1);
        guest.exit(rips.size() == 1 ? exit_code::icebp : exit_code::intr);
    };
    start(one);
    EXPECT_EQ(rips, (std::vector<std::uint64_t>{0x8000, 0x8001}));
}

} // namespace ovm::test
