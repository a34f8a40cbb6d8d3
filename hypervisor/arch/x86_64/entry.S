// Where a loader enters: 32-bit protected mode, flat segments, paging off. PVH (ebx: hvm_start_info, Xen's
// public/arch-x86/hvm/start_info.h) and Multiboot2 (eax: magic, ebx: information; specification 3.3).
// Leaves in long mode, in the high half, with boot_start(protocol, information) on the boot stack.

#define IMAGE_MAP 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - IMAGE_MAP)

    .section .multiboot2, "a"
    .balign 8
multiboot2_header:
    .long 0xe85250d6, 0, multiboot2_header_end - multiboot2_header
    .long -(0xe85250d6 + (multiboot2_header_end - multiboot2_header))
    .short 3, 0                         // entry address
    .long 12, PHYSICAL(multiboot2_entry), 0
    .short 5, 1                         // framebuffer, if there is one
    .long 20, 1024, 768, 32, 0
    .short 6, 0                         // modules on page boundaries
    .long 8
    .short 0, 0
    .long 8
multiboot2_header_end:

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18                      // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad PHYSICAL(pvh_entry)

    .section .text.entry, "ax"
    .code32
    .global pvh_entry, multiboot2_entry
pvh_entry:
    movl $1, %ebp
    jmp enter
multiboot2_entry:
    movl $2, %ebp
    cmpl $0x36d76289, %eax
    je enter
    movl $PHYSICAL(text_unknown_loader), %esi
    jmp refuse

enter:
    cli
    cld
    movl $PHYSICAL(boot_stack_top), %esp
    movl %ebx, %edi
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx
    jnc no_long_mode

    // 4 GiB by 2 MiB pages: identity, start of the direct map, image.
    movl $PHYSICAL(boot_directories), %ebx
    movl $0x83, %eax
    movl $2048, %ecx
1:  movl %eax, (%ebx)
    addl $0x200000, %eax
    addl $8, %ebx
    loop 1b
    movl $PHYSICAL(boot_directories) + 3, %eax
    movl %eax, PHYSICAL(boot_pointers)
    movl %eax, PHYSICAL(boot_image_pointers) + 510 * 8
    addl $0x1000, %eax
    movl %eax, PHYSICAL(boot_pointers) + 8
    addl $0x1000, %eax
    movl %eax, PHYSICAL(boot_pointers) + 16
    addl $0x1000, %eax
    movl %eax, PHYSICAL(boot_pointers) + 24
    movl $PHYSICAL(boot_pointers) + 3, %eax
    movl %eax, PHYSICAL(boot_root)
    movl %eax, PHYSICAL(boot_root) + 256 * 8
    movl $PHYSICAL(boot_image_pointers) + 3, %eax
    movl %eax, PHYSICAL(boot_root) + 511 * 8

    movl %cr4, %eax
    orl $0x20, %eax                     // PAE
    movl %eax, %cr4
    movl $PHYSICAL(boot_root), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              // EFER.LME
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl %cr0, %eax
    orl $0x80010001, %eax               // PG, WP, PE
    movl %eax, %cr0
    lgdtl PHYSICAL(boot_gdt_pointer)
    ljmpl $0x08, $PHYSICAL(long_mode)

no_long_mode:
    movl $PHYSICAL(text_no_long_mode), %esi

// Says why on COM1 and VGA text, then stops. esi: text.
refuse:
    movl $0xb8000, %ebx
1:  movb (%esi), %al
    testb %al, %al
    jz 3f
    movb %al, (%ebx)
    movb $0x4f, 1(%ebx)
    addl $2, %ebx
    movb %al, %ah
    movl $100000, %ecx
    movw $0x3fd, %dx
2:  inb %dx, %al
    testb $0x20, %al
    loopz 2b
    movb %ah, %al
    movw $0x3f8, %dx
    outb %al, %dx
    incl %esi
    jmp 1b
3:  cli
    hlt
    jmp 3b

    .code64
long_mode:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movq $high, %rax
    jmpq *%rax
high:
    lgdt boot_high_gdt_pointer
    movq $boot_stack_top, %rsp
    movl %edi, %esi
    movl %ebp, %edi
    xorl %ebp, %ebp
    pushq $0                            // the backtrace ends here
    call boot_start
4:  cli
    hlt
    jmp 4b

    .section .rodata.entry, "a"
    .balign 8
    .global boot_gdt
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            // 0x08: 64-bit code
    .quad 0x00cf93000000ffff            // 0x10: data
boot_gdt_end:
    .global boot_gdt_pointer
boot_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .long PHYSICAL(boot_gdt)
boot_high_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .quad boot_gdt
text_no_long_mode:
    .asciz "OVM: this processor has no long mode (64 bit); OVM needs an AMD64 processor with SVM\r\n"
text_unknown_loader:
    .asciz "OVM: entered by an unknown boot protocol; use PVH or Multiboot2\r\n"

    .section .bss.entry, "aw", @nobits
    .balign 4096
    .global boot_root
boot_root:
    .skip 4096
boot_pointers:
    .skip 4096
boot_image_pointers:
    .skip 4096
boot_directories:
    .skip 4 * 4096
    .skip 16384
    .global boot_stack_top
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
