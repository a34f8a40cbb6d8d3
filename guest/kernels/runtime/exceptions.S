// Entry points of all 256 vectors, and the call that an exception returns from.
#include "runtime/layout.h"

    .text
    .globl guest_vectors
    .balign 32
guest_vectors:
    .set vector, 0
    .rept 256
    .balign 32
    .if !((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30))
    pushq $0
    .endif
    pushq $vector
    jmp save_and_dispatch
    .set vector, vector + 1
    .endr

save_and_dispatch:
    cld
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    call guest_dispatch
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    iretq

    // int guest_attempt(uint64_t* saved_stack, void (*work)(void*), void* argument)
    // Returns -1, or the vector of the exception that ended the work.
    .globl guest_attempt, guest_attempt_landing
guest_attempt:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rsp, (%rdi)
    movq %rdx, %rdi
    call *%rsi
    movl $-1, %eax
guest_attempt_landing:
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret
    .section .note.GNU-stack, "", @progbits
