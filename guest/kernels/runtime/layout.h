// What assembly and C++ of the test guests must agree on. Included by both.
#pragma once

#define OVM_GUEST_MAXIMUM_PROCESSORS 16
#define OVM_GUEST_STACK_SIZE 0x8000
#define OVM_GUEST_TRAMPOLINE 0x8000

#define OVM_GUEST_BOOT_PVH 0
#define OVM_GUEST_BOOT_MULTIBOOT 1

// Selectors of the descriptor table that each processor loads in C++.
#define OVM_GUEST_CODE 0x08
#define OVM_GUEST_DATA 0x10
#define OVM_GUEST_USER_DATA 0x1b
#define OVM_GUEST_USER_CODE 0x23
#define OVM_GUEST_CODE32 0x28
#define OVM_GUEST_FIRST_TASK 0x30
