#pragma once

#include "policy/placement/balance.hpp"
#include "policy/placement/resident_placement.hpp"

namespace ovm::policy
{

/// The built-in policy: vcpu i of VM n on core (first + n - 1 + i * stride) modulo the cores, whatever their load. Who
/// lives elsewhere, moved by another policy or a person, stays there, or is brought home one by one.
/// Concurrency: as its base.
class Static_placement final : public Resident_placement
{
public:
    struct Parameters
    {
        std::uint32_t first = 0;          ///< the core of vcpu 0 of VM 1
        std::uint32_t stride = 1;         ///< cores between two vcpus of a VM
        bool gather = false;              ///< brings home who lives elsewhere
        Nanoseconds interval{10'000'000}; ///< at least so long between two of these
    };

    /// Error::out_of_range: first not among the cores, stride beyond 1 to 64, or interval beyond Balance_parameters'.
    static Result<> check(const Parameters& parameters, std::uint32_t cores);

    /// Requires check(). For cores 0 to `cores` - 1.
    Static_placement(std::uint32_t cores, const Parameters& parameters);

private:
    Core_id home_of(Identity vcpu) const;
    Core_id choose(Identity vcpu, std::optional<Node_id> near) override OVM_REQUIRES(lock_);
    std::optional<processor::Move> improve(std::span<const processor::Core_load> loads) override OVM_REQUIRES(lock_);

    std::uint32_t cores_;
    Parameters parameters_;
};

} // namespace ovm::policy
