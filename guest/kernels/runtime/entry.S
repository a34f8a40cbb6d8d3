// From 32-bit protected mode (PVH or Multiboot 1) to long mode with 4 GiB mapped one to one,
// for the first processor; and the same for the others, from a start-up IPI.
#include "runtime/layout.h"

#ifdef OVM_GUEST_MULTIBOOT
    // Multiboot Specification 0.6.96, 3.1: page-aligned modules, memory information.
    .section .multiboot, "a", @progbits
    .balign 4
    .long 0x1BADB002
    .long 0x00000003
    .long -(0x1BADB002 + 0x00000003)
#else
    // XEN_ELFNOTE_PHYS32_ENTRY: the address of the 32-bit entry point.
    .section .note.pvh, "a", @note
    .balign 4
    .long 4
    .long 8
    .long 18
    .asciz "Xen"
    .balign 4
    .quad guest_entry
#endif

    .section .text.entry, "ax", @progbits
    .code32
    .globl guest_entry
guest_entry:
    cli
    cld
    movl %ebx, guest_boot_information
    movl %eax, guest_boot_magic
#ifdef OVM_GUEST_MULTIBOOT
    movl $OVM_GUEST_BOOT_MULTIBOOT, guest_boot_protocol
#else
    movl $OVM_GUEST_BOOT_PVH, guest_boot_protocol
#endif
    lgdt boot_gdt_pointer
    ljmp $0x08, $1f
1:
    movl $long_mode_first, %edi
    jmp enter_long_mode

    // Protected mode, flat: turns paging and long mode on and goes to EDI.
enter_long_mode:
    movw $0x10, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    xorw %ax, %ax
    movw %ax, %fs
    movw %ax, %gs
    movl $0x20, %eax            // CR4.PAE
    movl %eax, %cr4
    movl $guest_page_table, %eax
    movl %eax, %cr3
    movl $0xC0000080, %ecx      // EFER.LME and NXE
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl $0x80010033, %eax      // PG, WP, NE, ET, MP, PE
    movl %eax, %cr0
    ljmp $0x18, $1f
    .code64
1:
    movl %edi, %edi
    jmp *%rdi

long_mode_first:
    leaq guest_stacks + OVM_GUEST_STACK_SIZE(%rip), %rsp
    xorl %edi, %edi
    call guest_start_processor
    ud2

long_mode_other:
    movl $1, %edi
    lock xaddl %edi, guest_next_processor(%rip)
    movl %edi, %eax
    incl %eax
    imulq $OVM_GUEST_STACK_SIZE, %rax, %rax
    leaq guest_stacks(%rip), %rsp
    addq %rax, %rsp
    call guest_start_processor
    ud2

    // Copied to OVM_GUEST_TRAMPOLINE; a start-up IPI enters it in real mode.
    .section .rodata
    .code16
    .globl guest_trampoline, guest_trampoline_end
guest_trampoline:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl OVM_GUEST_TRAMPOLINE + trampoline_gdt_pointer - guest_trampoline
    movl %cr0, %eax
    andl $0x9fffffff, %eax      // INIT leaves CD and NW set
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $0x08, $protected_mode_other
    .balign 4
trampoline_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .long OVM_GUEST_TRAMPOLINE + boot_gdt - guest_trampoline
    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00CF9A000000FFFF    // 32-bit code
    .quad 0x00CF92000000FFFF    // data
    .quad 0x00AF9A000000FFFF    // 64-bit code
boot_gdt_end:
guest_trampoline_end:

boot_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .long boot_gdt

    .section .text.entry, "ax", @progbits
    .code32
protected_mode_other:
    movl $long_mode_other, %edi
    jmp enter_long_mode

    // Four GiB, one to one, 2 MiB pages, open to ring 3.
    .section .data
    .balign 4096
    .globl guest_page_table
guest_page_table:
    .quad page_directories_top + 7
    .fill 511, 8, 0
page_directories_top:
    .quad page_directories + 0x0007
    .quad page_directories + 0x1007
    .quad page_directories + 0x2007
    .quad page_directories + 0x3007
    .fill 508, 8, 0
page_directories:
    .set address, 0
    .rept 2048
    .quad address + 0x87
    .set address, address + 0x200000
    .endr

    .balign 4
    .globl guest_next_processor
guest_next_processor:
    .long 1

    .section .bss
    .balign 4096
    .globl guest_stacks
guest_stacks:
    .skip OVM_GUEST_STACK_SIZE * OVM_GUEST_MAXIMUM_PROCESSORS
    .section .note.GNU-stack, "", @progbits
