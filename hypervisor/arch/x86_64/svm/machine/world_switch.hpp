#pragma once

#include <cstdint>

namespace ovm::arch::svm::hardware
{

/// Runs the guest until its next exit (AMD64 APM volume 2, 15.5.1 and 15.17). With GIF clear nothing comes between the
/// two states. IF is set before VMRUN, so that host interrupts, which wait while GIF is clear, end the guest: with
/// V_INTR_MASKING the IF that counts is the host's. VMRUN itself keeps the host's rax, rsp and rip; all other general
/// registers pass here. `registers` are rax to r15 by number, rax and rsp left out.
/// Inlined, so that the loop around it saves the host's registers once for many exits.
[[gnu::always_inline]] inline void enter(std::uint64_t vmcb, std::uint64_t* registers, std::uint64_t host_state)
{
    asm volatile("pushq %%rbp\n"
                 "pushq %%rsi\n"
                 "pushq %%rdx\n"
                 "movq 0x08(%%rsi), %%rcx\n"
                 "movq 0x10(%%rsi), %%rdx\n"
                 "movq 0x18(%%rsi), %%rbx\n"
                 "movq 0x28(%%rsi), %%rbp\n"
                 "movq 0x38(%%rsi), %%rdi\n"
                 "movq 0x40(%%rsi), %%r8\n"
                 "movq 0x48(%%rsi), %%r9\n"
                 "movq 0x50(%%rsi), %%r10\n"
                 "movq 0x58(%%rsi), %%r11\n"
                 "movq 0x60(%%rsi), %%r12\n"
                 "movq 0x68(%%rsi), %%r13\n"
                 "movq 0x70(%%rsi), %%r14\n"
                 "movq 0x78(%%rsi), %%r15\n"
                 "movq 0x30(%%rsi), %%rsi\n"
                 "clgi\n"
                 "sti\n"
                 "vmload %%rax\n"
                 "vmrun %%rax\n"
                 "vmsave %%rax\n"
                 "popq %%rax\n"
                 "vmload %%rax\n"
                 "popq %%rax\n"
                 "movq %%rcx, 0x08(%%rax)\n"
                 "movq %%rdx, 0x10(%%rax)\n"
                 "movq %%rbx, 0x18(%%rax)\n"
                 "movq %%rbp, 0x28(%%rax)\n"
                 "movq %%rsi, 0x30(%%rax)\n"
                 "movq %%rdi, 0x38(%%rax)\n"
                 "movq %%r8, 0x40(%%rax)\n"
                 "movq %%r9, 0x48(%%rax)\n"
                 "movq %%r10, 0x50(%%rax)\n"
                 "movq %%r11, 0x58(%%rax)\n"
                 "movq %%r12, 0x60(%%rax)\n"
                 "movq %%r13, 0x68(%%rax)\n"
                 "movq %%r14, 0x70(%%rax)\n"
                 "movq %%r15, 0x78(%%rax)\n"
                 "popq %%rbp\n"
                 "cli\n"
                 "stgi\n"
                 : "+a"(vmcb), "+S"(registers), "+d"(host_state)
                 :
                 : "rbx", "rcx", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
}

} // namespace ovm::arch::svm::hardware
