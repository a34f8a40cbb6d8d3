#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "arch/fault.hpp"

/// Faults that tests inject at the places of arch/injection.hpp. Concurrency: arm() and take() while no core runs.
namespace ovm::arch::hosted
{

/// What a place has seen since forget_injections().
struct Injection_count
{
    std::uint64_t passed = 0;    ///< how often any core came by
    std::uint64_t injected = 0;  ///< faults that ended the crossing
    std::uint64_t in_commit = 0; ///< faults in a commit section, which cost the core: not injected
    std::uint64_t refused = 0;   ///< faults of the hypervisor itself, which cost the core: not injected
};

/// The `at`th time from now that any core comes by `place` (any place, if empty), the crossing fails there.
void arm_injection(std::string_view place, std::uint64_t at, Fault::Kind kind);
/// Where the armed fault came true, if it did; nothing is armed afterwards.
std::string take_injection();

std::map<std::string, Injection_count, std::less<>> injection_counts();
void forget_injections();

} // namespace ovm::arch::hosted
