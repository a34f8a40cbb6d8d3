// What a module may call in the hypervisor (hypervisor/loader/exports.cpp), each by a function of the module itself: the
// compiler calls it directly, wherever and however often, and only here a branch goes through a slot that the loader
// fills. The signer takes the prefix off the slot's name (compiler/signer/linked.cpp). Weak: the linker leaves these to the
// loader, and says of all else that it is not defined.
.macro import name
    .section .text.import.\name, "ax", @progbits
    .globl \name
    .hidden \name
    .weak ovm_import_\name
    .type \name, @function
\name:
    jmp *ovm_import_\name@GOTPCREL(%rip)
    .size \name, . - \name
.endm

import memcpy
import memmove
import memset
import memcmp
import _ZN3ovm15contract_brokenEPKcS1_S1_i
