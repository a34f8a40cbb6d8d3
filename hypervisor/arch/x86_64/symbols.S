// Room for the table of names that the build writes into the linked image (symbol-table).
    .section .symbols, "a"
    .balign 8
    .skip 80 * 1024

    .section .note.GNU-stack, "", @progbits
