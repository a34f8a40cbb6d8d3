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

/// What a call by contract returns is taken to lead outside of its caller: refused, if it was given a local.
struct Inner
{
    unsigned count = 1;
};

struct Outer
{
    Inner inner{};
};

OVM_VERIFIED Inner* inner_of(Outer& outer)
{
    return &outer.inner;
}

OVM_CONTRACT Inner* contract_of_inner_of(Outer& outer)
{
    OVM_MODIFIES();
    return OVM_RESULT(inner_of(outer)); // expect: unsupported
}

OVM_VERIFIED unsigned changed_through_a_result()
{
    Outer outer{};
    if (auto* const inner = inner_of(outer))
        inner->count = 0;
    return 10 / outer.inner.count;
}
