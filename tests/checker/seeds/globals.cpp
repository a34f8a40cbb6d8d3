// State that everyone can reach, and functions on raw memory.
#include <cstddef>
#include <cstring>

int counter = 0; // expect: mutable-global
static int hidden_counter = 0; // expect: mutable-global
namespace
{
int* current = nullptr; // expect: mutable-global
} // namespace
constinit int constant_initialised = 1; // expect: mutable-global
thread_local int per_thread = 0; // expect: mutable-global
extern int elsewhere; // expect: mutable-global
extern "C" char image_start[]; // expect: mutable-global
const char* name = "text"; // expect: mutable-global
inline int shared_by_all = 0; // expect: mutable-global
struct With_static
{
    static inline int count = 0; // expect: mutable-global
    static int declared; // expect: mutable-global
};
int With_static::declared = 0; // expect: mutable-global
int next_number()
{
    static int number = 0; // expect: mutable-global
    return ++number;
}
struct With_mutable
{
    mutable int reads = 0;
};
const With_mutable hides_a_counter{}; // expect: mutable-global
int ask();
const int asked = ask(); // expect: mutable-global
template <typename Kind>
struct Per_kind
{
    static inline int count = 0; // expect: mutable-global
};
template <typename Kind>
int per_kind = 0; // expect: mutable-global

void copy(char* to, const char* from) { std::memcpy(to, from, 4); } // expect: memory-function
void copy_c(char* to, const char* from) { memcpy(to, from, 4); } // expect: memory-function
void move(char* to, const char* from) { std::memmove(to, from, 4); } // expect: memory-function
void fill(char* to) { std::memset(to, 0, 4); } // expect: memory-function
std::size_t length(const char* text) { return std::strlen(text); } // expect: memory-function
bool equal(const char* a, const char* b) { return std::memcmp(a, b, 4) == 0; } // expect: memory-function
void builtin_copy(char* to, const char* from) { __builtin_memcpy(to, from, 4); } // expect: memory-function
void builtin_fill(char* to) { __builtin_memset(to, 0, 4); } // expect: memory-function
void builtin_inline(char* to, const char* from) { __builtin_memcpy_inline(to, from, 4); } // expect: memory-function
void* on_stack() { return __builtin_alloca(8); } // expect: memory-function
