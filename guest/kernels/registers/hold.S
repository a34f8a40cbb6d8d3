// See registers.hpp. Offsets: general 0, x87_top 120, vector 128, mxcsr 640, x87_control 644.
    .text
    .globl guest_hold_registers
guest_hold_registers:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rsi                  // 24: out
    pushq %r8                   // 16: wide
    pushq %rcx                  // 8: halt
    pushq %rdx                  // 0: spins

    ldmxcsr 640(%rdi)
    fninit
    fldcw 644(%rdi)
    fildq 120(%rdi)
    testq %r8, %r8
    jz 1f
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    vmovdqu 128+32*\n(%rdi), %ymm\n
    .endr
    jmp 2f
1:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    movdqu 128+32*\n(%rdi), %xmm\n
    .endr
2:
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
    sti
3:
    decq 0(%rsp)
    jnz 3b
    cmpq $0, 8(%rsp)
    je 4f
    hlt
4:
    cli
    pushq %rdi
    movq 32(%rsp), %rdi
    movq %rax, 0(%rdi)
    movq %rcx, 8(%rdi)
    movq %rdx, 16(%rdi)
    movq %rbx, 24(%rdi)
    movq %rbp, 32(%rdi)
    movq %rsi, 40(%rdi)
    popq 48(%rdi)
    movq %r8, 56(%rdi)
    movq %r9, 64(%rdi)
    movq %r10, 72(%rdi)
    movq %r11, 80(%rdi)
    movq %r12, 88(%rdi)
    movq %r13, 96(%rdi)
    movq %r14, 104(%rdi)
    movq %r15, 112(%rdi)
    stmxcsr 640(%rdi)
    movl $0, 644(%rdi)
    fnstcw 644(%rdi)
    fistpq 120(%rdi)
    cmpq $0, 16(%rsp)
    je 5f
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    vmovdqu %ymm\n, 128+32*\n(%rdi)
    .endr
    jmp 6f
5:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    movdqu %xmm\n, 128+32*\n(%rdi)
    .endr
6:
    addq $32, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret
    .section .note.GNU-stack, "", @progbits
