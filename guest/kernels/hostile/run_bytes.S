// void guest_run_bytes(const uint64_t* registers, const void* code, uint64_t flags)
// Loads RAX RCX RDX RBX RBP RSI RDI R8..R15 and the flags, and calls the code.
    .text
    .globl guest_run_bytes
guest_run_bytes:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    leaq 1f(%rip), %rax
    pushq %rax                  // where the code returns to
    pushq %rsi                  // where RET below goes
    pushq %rdx
    movq 0(%rdi), %rax
    movq 8(%rdi), %rcx
    movq 16(%rdi), %rdx
    movq 24(%rdi), %rbx
    movq 32(%rdi), %rbp
    movq 40(%rdi), %rsi
    movq 56(%rdi), %r8
    movq 64(%rdi), %r9
    movq 72(%rdi), %r10
    movq 80(%rdi), %r11
    movq 88(%rdi), %r12
    movq 96(%rdi), %r13
    movq 104(%rdi), %r14
    movq 112(%rdi), %r15
    movq 48(%rdi), %rdi
    popfq
    ret
1:
    pushq $2
    popfq
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret
    .section .note.GNU-stack, "", @progbits
