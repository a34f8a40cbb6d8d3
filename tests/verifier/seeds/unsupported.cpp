#include <cstddef>
#include <cstdint>

#include "base/contract.hpp"

/// What the verifier refuses by name.
struct Base
{
    virtual int answer() { return 1; }
};

void elsewhere();

OVM_VERIFIED int indirect(int (*function)(int))
{
    return function(1); // expect: unsupported
}

OVM_VERIFIED int dispatched(Base& base)
{
    return base.answer(); // expect: unsupported
}

OVM_VERIFIED void outside()
{
    elsewhere(); // expect: unsupported
}

OVM_VERIFIED void assembly()
{
    asm volatile("nop"); // expect: unsupported
}

OVM_VERIFIED int volatile_access(volatile int& at)
{
    return at; // expect: unsupported
}

OVM_VERIFIED std::uint64_t made_of_number(std::uint64_t address)
{
    return *reinterpret_cast<std::uint64_t*>(address); // expect: unsupported
}

OVM_VERIFIED double floating(double a) // expect: unsupported
{
    return a;
}

OVM_VERIFIED unsigned factorial(unsigned n) // expect: unsupported
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

OVM_VERIFIED std::uint64_t walks(std::uint64_t* at, std::size_t n)
{
    return at[n]; // expect: unsupported
}

int mutable_global = 0;

OVM_VERIFIED void global(int value)
{
    mutable_global = value; // expect: unsupported
}
