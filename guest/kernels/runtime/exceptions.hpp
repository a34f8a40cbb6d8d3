#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

/// Traps and interrupts of a test guest: descriptor tables for each processor, handlers for
/// interrupts, and work that may fault.
namespace guest
{
/// What the entry code saves, in the order of the stack.
struct Trap_frame
{
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};

using Trap_handler = void (*)(Trap_frame& frame);

/// Loads GDT, TSS and IDT of this processor. Every vector runs on a stack of its own (IST 1).
void load_descriptor_tables();

/// The number of the running processor, 0 for the first; known from the stack alone.
uint32_t processor_number();

/// Handler of one vector, on every processor. It is asked before an attempt ends.
void set_trap_handler(uint8_t vector, Trap_handler handler);

inline constexpr int no_exception = -1;

/// Runs `work`; returns no_exception, or the vector that ended it. Interrupts are off afterwards
/// when an exception ended it. One attempt per processor at a time.
int attempt(void (*work)(void*), void* argument);

template <class Work>
int attempt(Work&& work)
{
    using Plain = std::remove_reference_t<Work>;
    return attempt([](void* argument) { (*static_cast<Plain*>(argument))(); }, &work);
}

/// For handlers: the attempt under way ends, when the handler returns, as if nobody had handled the trap.
void end_attempt(Trap_frame& frame);

/// RDMSR and WRMSR that report a #GP as false.
bool try_read_msr(uint32_t number, uint64_t& value);
bool try_write_msr(uint32_t number, uint64_t value);

/// How many times each vector was taken, all processors together.
uint64_t trap_count(uint8_t vector);

/// Error code of the last exception that ended an attempt on this processor.
uint64_t last_error_code();
} // namespace guest
