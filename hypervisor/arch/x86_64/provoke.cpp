#include "arch/provoke.hpp"

#include "arch/power.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

namespace
{

/// Between the direct map and the core window (layout.hpp).
constexpr std::uint64_t unmapped = 0xffff'd000'0000'0000;

[[gnu::noinline]] void write_nowhere()
{
    *reinterpret_cast<volatile std::uint64_t*>(unmapped) = 0;
}

[[gnu::noinline]] std::uint64_t fill_stack(volatile std::uint64_t& below)
{
    volatile std::uint64_t deeper = below + 1;
    if (deeper == 0)
        return 0; // never: the stack ends before
    return fill_stack(deeper) + deeper;
}

} // namespace

void provoke(Provocation how)
{
    volatile bool holds = false;
    switch (how)
    {
    case Provocation::contract:
        OVM_ASSERT(holds);
        break;
    case Provocation::page_fault:
        write_nowhere();
        break;
    case Provocation::stack:
    {
        volatile std::uint64_t bottom = 0;
        holds = fill_stack(bottom) != 0;
        break;
    }
    }
    stop_machine();
}

} // namespace ovm::arch
