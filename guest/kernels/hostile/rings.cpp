// #AC and #DB from ring 3, in loops.
#include "hostile/hostile.hpp"

#include <array>
#include <atomic>

#include "runtime/exceptions.hpp"
#include "runtime/layout.h"
#include "runtime/processor.hpp"

namespace guest::hostile
{
namespace
{
constexpr uint8_t debug_vector = 1;
constexpr uint64_t alignment_flag = 0x40000;

constinit std::array<std::atomic<uint64_t>, OVM_GUEST_MAXIMUM_PROCESSORS> debug_budget{};

/// #DB: counts down; when the budget is gone, stepping and breakpoints are turned off.
void take_debug_exception(Trap_frame& frame)
{
    auto& budget = debug_budget[processor_number()];
    if (budget.load() == 0 || budget.fetch_sub(1) == 1)
    {
        frame.rflags &= ~trap_flag;
        asm volatile("mov %0, %%dr7" : : "r"(uint64_t{0x400}));
    }
    else
    {
        frame.rflags |= 0x10000; // RF: past an instruction breakpoint
    }
}

/// Goes to ring 3 at the given code, which leaves by INT3.
void go_to_ring3(const void* code, uint64_t flags)
{
    asm volatile("pushq %0; pushq %1; pushq %2; pushq %3; pushq %4; iretq"
                 :
                 : "i"(OVM_GUEST_USER_DATA), "r"(scratch() + 0x2000), "r"(flags | 2), "i"(OVM_GUEST_USER_CODE),
                   "r"(code), "D"(scratch())
                 : "memory");
}

[[gnu::naked]] void unaligned_read()
{
    asm volatile("movl 1(%rdi), %eax; int3");
}

[[gnu::naked]] void unaligned_stack()
{
    asm volatile("subq $3, %rsp; pushq %rax; int3");
}

[[gnu::naked]] void long_walk()
{
    asm volatile("movl $1000, %ecx\n"
                 "1: movq %rcx, 64(%rdi)\n"
                 "pushfq\n popfq\n movw %ss, %ax\n movw %ax, %ss\n nop\n"
                 "loop 1b\n int3");
}
} // namespace

void raise_alignment_checks(uint64_t steps)
{
    for (uint64_t step = 0; step < steps; ++step)
    {
        misdeed(
            [&]
            {
                write_cr0(read_cr0() | 0x40000);
                const auto code = dice().one_in(2) ? unaligned_read : unaligned_stack;
                go_to_ring3(reinterpret_cast<const void*>(code), alignment_flag);
            });
    }
}

void raise_debug_exceptions(uint64_t steps)
{
    set_trap_handler(debug_vector, take_debug_exception);
    for (uint64_t step = 0; step < steps; step += 200)
    {
        auto& budget = debug_budget[processor_number()];
        // Single steps through ring 3.
        budget.store(200);
        misdeed([] { go_to_ring3(reinterpret_cast<const void*>(long_walk), trap_flag); });
        // A data breakpoint on what the loop writes, and one on the stack that #DB itself is delivered to.
        budget.store(100);
        misdeed(
            []
            {
                asm volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr7"
                             :
                             : "r"(scratch() + 64), "r"(scratch() + 0x2000 - 8), "r"(uint64_t{0x00dd040f}));
                go_to_ring3(reinterpret_cast<const void*>(long_walk), 0);
            });
        // An instruction breakpoint, a step over MOV SS, and a port breakpoint.
        budget.store(50);
        misdeed(
            []
            {
                asm volatile("mov %0, %%cr4" : : "r"(read_cr4() | 8));
                asm volatile("mov %0, %%dr2; mov %1, %%dr3; mov %2, %%dr7"
                             :
                             : "r"(reinterpret_cast<uint64_t>(long_walk) + 5), "r"(uint64_t{0x80}),
                               "r"(uint64_t{0x200004f0}));
                asm volatile("outb %%al, $0x80" : : "a"(0));
                go_to_ring3(reinterpret_cast<const void*>(long_walk), 0);
            });
    }
    set_trap_handler(debug_vector, nullptr);
}
} // namespace guest::hostile
