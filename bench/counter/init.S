// The first process of the Linux guest of bench/boot: where the kernel's way ends. It powers the computer off.
    .text
    .globl _start
_start:
    nopl 0x4d564f21(%rax,%rax)  // found nowhere else: how the counter knows this place
    movl $169, %eax             // reboot(LINUX_REBOOT_MAGIC1, MAGIC2, LINUX_REBOOT_CMD_POWER_OFF)
    movl $0xfee1dead, %edi
    movl $672274793, %esi
    movl $0x4321fedc, %edx
    syscall
    ud2
    .section .note.GNU-stack, "", @progbits
