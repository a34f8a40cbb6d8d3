// Code from macros belongs to the file that spells it.
#include "trusted_macros.hpp"

#define OWN_STEP(at) ((at) + 1) // the place of the step, so the place of the message
int* trusted(int* at) { return TRUSTED_STEP(at); } // expect: none
int* trusted_twice(int* at) { return TRUSTED_OUTER(at); } // expect: none
int* argument(int* at) { return TRUSTED_STEP(at + 1); } // expect: pointer-arithmetic
int* argument_deep(int* at) { return TRUSTED_OUTER(at++); } // expect: pointer-arithmetic
int* own(int* at) { return OWN_STEP(at); } // expect: pointer-arithmetic
int inline_of_trusted_file(int* at) { return trusted_inline(at); } // expect: none
