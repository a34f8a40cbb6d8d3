// Casts that make pointers, and what hides in them.
#include <bit>
#include <cstdint>
#include <typeinfo>

struct Base
{
    virtual ~Base() = default;
    int base = 0;
};
struct Derived : Base
{
    int more = 0;
};
struct Holder
{
    int* at;
};

char* between(int* at) { return reinterpret_cast<char*>(at); } // expect: pointer-cast
std::uintptr_t to_integer(int* at) { return reinterpret_cast<std::uintptr_t>(at); } // expect: pointer-cast
int* from_integer(std::uintptr_t at) { return reinterpret_cast<int*>(at); } // expect: pointer-cast
float& reference(int& value) { return reinterpret_cast<float&>(value); } // expect: pointer-cast
char* old_between(int* at) { return (char*)at; } // expect: pointer-cast
std::uintptr_t old_to_integer(int* at) { return (std::uintptr_t)at; } // expect: pointer-cast
int* old_from_integer(std::uintptr_t at) { return (int*)at; } // expect: pointer-cast
std::uintptr_t functional(int* at) { return std::uintptr_t(at); } // expect: pointer-cast
using Pointer = int*;
int* functional_back(std::uintptr_t at) { return Pointer(at); } // expect: pointer-cast
float& old_reference(int& value) { return (float&)value; } // expect: pointer-cast
int* from_void(void* at) { return static_cast<int*>(at); } // expect: pointer-cast
Derived* down(Base* base) { return static_cast<Derived*>(base); } // expect: pointer-cast
Derived& down_reference(Base& base) { return static_cast<Derived&>(base); } // expect: pointer-cast
Derived* old_down(Base* base) { return (Derived*)base; } // expect: pointer-cast
template <typename To, typename From>
To in_template(From from) { return (To)from; } // expect: pointer-cast
char* instantiate(int* at) { return in_template<char*>(at); }

int* away(const int* at) { return const_cast<int*>(at); } // expect: const-cast
int& away_reference(const int& value) { return const_cast<int&>(value); } // expect: const-cast
int* old_away(const int* at) { return (int*)at; } // expect: const-cast
int& old_away_reference(const int& value) { return (int&)value; } // expect: const-cast
int* volatile_away(volatile int* at) { return const_cast<int*>(at); } // expect: const-cast

std::uintptr_t bits(int* at) { return std::bit_cast<std::uintptr_t>(at); } // expect: bit-cast
int* from_bits(std::uintptr_t at) { return std::bit_cast<int*>(at); } // expect: bit-cast
Holder inside_struct(std::uintptr_t at) { return std::bit_cast<Holder>(at); } // expect: bit-cast
int* by_builtin(std::uintptr_t at) { return __builtin_bit_cast(int*, at); } // expect: bit-cast

Derived* dynamic(Base* base) { return dynamic_cast<Derived*>(base); } // expect: rtti
bool same(Base& base) { return typeid(base) == typeid(Derived); } // expect: rtti
