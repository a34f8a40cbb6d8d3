#pragma once

#include <cstddef>
#include <cstdint>

#include "base/strong.hpp"

/// Exceptions and interrupts of the hypervisor itself.
namespace ovm::arch
{

/// What trap.S leaves on the stack.
struct Trap_frame
{
    std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    std::uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    std::uint64_t vector;
    std::uint64_t error;
    std::uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(offsetof(Trap_frame, vector) == 15 * 8 && sizeof(Trap_frame) == 22 * 8);

namespace vector
{
inline constexpr std::uint8_t divide_error = 0;
inline constexpr std::uint8_t debug = 1;
inline constexpr std::uint8_t nmi = 2;
inline constexpr std::uint8_t breakpoint = 3;
inline constexpr std::uint8_t invalid_opcode = 6;
inline constexpr std::uint8_t double_fault = 8;
inline constexpr std::uint8_t general_protection = 13;
inline constexpr std::uint8_t page_fault = 14;
inline constexpr std::uint8_t machine_check = 18;
inline constexpr std::uint8_t first_interrupt = 32;
inline constexpr std::uint8_t serial = 0xe0;
inline constexpr std::uint8_t timer = 0xf0;
inline constexpr std::uint8_t kick = 0xf1;
inline constexpr std::uint8_t spurious = 0xff;
} // namespace vector

/// Fills the table that all cores share; with `own_stacks`, #DF, NMI and #MC change to the core's own stacks (IST).
void build_trap_table(bool own_stacks);
/// LIDT on this core.
void load_trap_table();

/// Interrupts that no object here expects.
std::uint64_t unexpected_interrupts();

} // namespace ovm::arch
