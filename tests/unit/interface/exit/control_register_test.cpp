#include "interface/exit/dispatcher_fixture.hpp"

/// Writes to control registers that the processor leaves to OVM, and the states that it refuses.
namespace ovm::interface::test
{

TEST_F(Dispatcher_test, Cr8TakesTheRegisterThatTheInstructionNames)
{
    code(code_at, {0x44, 0x0f, 0x22, 0xc1}); // mov %rcx, %cr8
    set(Register::rcx, 0xb);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().task_priority(), 0xbu);
    EXPECT_TRUE(advanced(4));
    code(code_at + 4, {0x45, 0x0f, 0x22, 0xc1}); // mov %r9, %cr8
    set(Register::r9, 3);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().task_priority(), 3u);
    EXPECT_TRUE(advanced(8));
}

TEST_F(Dispatcher_test, ReservedBitsOfCr8AreGeneralProtection)
{
    code(code_at, {0x44, 0x0f, 0x22, 0xc0}); // mov %rax, %cr8
    set(Register::rax, 0x10);
    EXPECT_EQ(exit(exit_code::cr8_write), protection);
    EXPECT_EQ(vcpu().state().task_priority(), 0u);
    EXPECT_TRUE(advanced(0));
}

TEST_F(Dispatcher_test, WritesToCr0ThatTheProcessorRefusesAreGeneralProtection)
{
    constexpr std::uint64_t good = 0x8000'0011;
    code(code_at, {0x0f, 0x22, 0xc0});                      // mov %rax, %cr0
    for (auto const value : {good | std::uint64_t{1} << 32, // the upper half
                             good & ~std::uint64_t{1},      // paging without protection
                             good | 0x2000'0000,            // NW without CD
                             std::uint64_t{0x11}})          // no paging in 64-bit code
    {
        set(Register::rax, value);
        handle({.kind = Exit_kind::control_register});
        expect_protection();
        EXPECT_EQ(vcpu().state().cr0(), good) << std::hex << value;
        EXPECT_TRUE(advanced(0));
    }
}

TEST_F(Dispatcher_test, Cr0KeepsWhatExistsAndForgetsTranslations)
{
    code(code_at, {0x0f, 0x22, 0xc0}); // mov %rax, %cr0
    set(Register::rax, 0xdfff'ffcf);
    exit(exit_code::cr0_selective_write);
    EXPECT_EQ(vcpu().state().cr0(), 0xc005'001fu) << "reserved bits ignore writes, ET is one";
    EXPECT_TRUE(advanced(3));
    std::vector<std::uint64_t> entries;
    for (auto const& use : arch::hosted::uses(Core_id(0)))
    {
        if (use.kind == arch::hosted::Use::Kind::enter)
            entries.push_back(use.value);
    }
    ASSERT_GE(entries.size(), 2u);
    EXPECT_NE(entries[0], entries[1]) << "WP changed: another ASID";
}

TEST_F(Dispatcher_test, LongModeBeginsAndEndsWithPaging)
{
    constexpr std::uint64_t active = 0x400;
    auto& state = vcpu().state();
    state.set_segment(arch::Segment_name::cs, {8, 0xc9b, 0xffff'ffff, 0}); // compatibility mode: 32 bits
    code(code_at, {0x0f, 0x22, 0xc0, 0x0f, 0x22, 0xc0});                   // twice mov %eax, %cr0
    set(Register::rax, 0x11);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(state.efer() & active, 0u);
    set(Register::rax, 0x8000'0011);
    state.set_cr4(0);
    code(code_at + 3, {0x0f, 0x22, 0xc0});
    handle({.kind = Exit_kind::control_register});
    expect_protection(); // long mode needs PAE
    EXPECT_EQ(state.cr0(), 0x11u);
    state.set_cr4(0x20);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(state.efer() & active, active);
    EXPECT_EQ(state.cr0(), 0x8000'0011u);
    EXPECT_TRUE(advanced(6));
}

TEST_F(Dispatcher_test, LmswLoadsFourBitsAndLeavesProtectionOn)
{
    code(code_at, {0x0f, 0x01, 0xf0, 0x0f, 0x01, 0x70, 0x08}); // lmsw %ax; lmsw 8(%rax)
    set(Register::rax, 0xfffe);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().cr0(), 0x8000'001fu);
    EXPECT_TRUE(advanced(3));
    ASSERT_TRUE(machine_.memory().store(Guest_physical(0x9008), 2, 0x0002));
    set(Register::rax, 0x9000);
    handle({.kind = Exit_kind::control_register});
    EXPECT_EQ(vcpu().state().cr0(), 0x8000'0013u);
    EXPECT_TRUE(advanced(7));
}

TEST_F(Dispatcher_test, ReservedBitsOfCr3AndCr4AreGeneralProtectionWhereTheProcessorRefusesTheState)
{
    for (auto const operand : {0xd8, 0xe0})
    {
        code(code_at, {0x0f, 0x22, static_cast<std::uint8_t>(operand)}); // mov %rax, %cr3 or %cr4
        handle({.kind = Exit_kind::invalid_state});
        expect_protection();
    }
    EXPECT_TRUE(answers.crashes.empty());
}

TEST_F(Dispatcher_test, AnyOtherRefusedStateEndsTheVm)
{
    code(code_at, {0x90});
    handle({.kind = Exit_kind::invalid_state});
    EXPECT_EQ(answers.crashes, (std::vector<std::string>{"the processor refuses the guest's state"}));
}

} // namespace ovm::interface::test
