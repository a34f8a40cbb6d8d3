// A trusted file: nothing in it is judged, nor are its macros where they are used.
#pragma once
#define TRUSTED_STEP(at) ((at) + 1)
#define TRUSTED_OUTER(at) TRUSTED_STEP(TRUSTED_STEP(at))
inline int trusted_inline(int* at) { return at[1]; }
inline int trusted_state = 0;
