// The way into a crossing and its early end (arch/crossing.hpp). Both in System V's calling convention.

    .section .text.crossing, "ax"
    .code64

// bool crossing_enter(Crossing_body* body, std::uint64_t* mark): calls crossing_body(body). False when that returned,
// true when crossing_leave() ended it.
    .global crossing_enter
crossing_enter:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rsi
    movq %rsp, (%rsi)
    call crossing_body
    xorl %eax, %eax
    jmp 1f

// [[noreturn]] void crossing_leave(std::uint64_t mark)
    .global crossing_leave
crossing_leave:
    movq %rdi, %rsp
    cld
    movl $1, %eax
1:
    popq %rsi
    movq $0, (%rsi)
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

    .section .note.GNU-stack, "", @progbits
