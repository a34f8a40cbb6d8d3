#pragma once

#include <cstdint>

namespace ovm::arch
{

enum class Provocation : std::uint8_t
{
    contract,   ///< a contract that does not hold
    page_fault, ///< a write where nothing is mapped
    stack,      ///< endless recursion, into the guard page
};

/// Breaks the hypervisor on the core that calls it, so that a test sees the crash record.
[[noreturn]] void provoke(Provocation how);

} // namespace ovm::arch
