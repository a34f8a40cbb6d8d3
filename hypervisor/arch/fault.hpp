#pragma once

#include <cstdint>
#include <string_view>

namespace ovm::arch
{

/// What a crossing works for at the moment: what fails with it. Kept by the floors above in their core's window.
enum class Fault_domain : std::uint8_t
{
    none,      ///< the hypervisor itself: a fault costs the machine
    scheduler, ///< this core's scheduler
    policy,    ///< a policy that all cores share: of the resource at hand
    job,       ///< the job whose slice runs
    guest      ///< the vcpu at hand, and its VM
};

/// What ends a crossing before its time.
struct Fault
{
    enum class Kind : std::uint8_t
    {
        none,
        trap,     ///< an exception of the processor
        check,    ///< a run-time check of compiler or library failed
        contract, ///< a broken precondition, postcondition, invariant or assertion
        hang,     ///< a neighbour found that the crossing did not end
        injected  ///< by a test
    };

    Kind kind = Kind::none;
    std::uint8_t vector = 0; ///< of a trap
    int line = 0;            ///< of a contract
    std::string_view what{}; ///< constant text
    std::string_view file{}; ///< constant text
    std::uint64_t at = 0;    ///< the instruction
};

} // namespace ovm::arch
