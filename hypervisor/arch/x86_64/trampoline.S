// Where the other cores start: real mode, at the beginning of a page below 1 MiB to which this was copied
// (APM volume 2, section 14.1.3). Goes to long mode at once, on boot's page tables, then to the core's own.

#define IMAGE_MAP 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - IMAGE_MAP)

    .section .rodata.trampoline, "a"
    .code16
    .global trampoline_begin, trampoline_end
trampoline_begin:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    movl $0x20, %eax                    // PAE
    movl %eax, %cr4
    movl $PHYSICAL(boot_root), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              // EFER: LME, NXE
    movl $0x900, %eax
    xorl %edx, %edx
    wrmsr
    lgdtl trampoline_gdt_pointer - trampoline_begin
    movl $0x80010031, %eax              // PG, WP, NE, ET, PE
    movl %eax, %cr0
    ljmpl $0x08, $PHYSICAL(core_long_mode)
trampoline_gdt_pointer:
    .word 23
    .long PHYSICAL(boot_gdt)
trampoline_end:

    .section .text.entry, "ax"
    .code64
core_long_mode:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq $core_high, %rax
    jmpq *%rax
core_high:
    // Who is it? The x2APIC id (CPUID Bh), else the initial APIC id (CPUID 1). Only the core that is expected goes on,
    // and once: one that comes when it was given up has no stack to run on, and halts for ever.
    xorl %eax, %eax
    cpuid
    cmpl $0xb, %eax
    jb .Lshort_identifier
    movl $0xb, %eax
    xorl %ecx, %ecx
    cpuid
    movl %edx, %eax
    testl %ebx, %ebx
    jnz .Lknown
.Lshort_identifier:
    movl $1, %eax
    cpuid
    shrl $24, %ebx
    movl %ebx, %eax
.Lknown:
    movq %rax, %rdx
    btsq $32, %rdx
    lock cmpxchgq %rdx, core_start_claim
    jne .Ltoo_late
    movq core_start_root, %rax
    movq %rax, %cr3
    movq core_start_stack, %rsp
    xorl %ebp, %ebp
    pushq $0                            // the backtrace ends here
    call core_start
.Ltoo_late:
    cli
    hlt
    jmp .Ltoo_late

    .section .note.GNU-stack, "", @progbits
