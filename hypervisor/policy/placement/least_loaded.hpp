#pragma once

#include "policy/placement/balance.hpp"
#include "policy/placement/resident_placement.hpp"

namespace ovm::policy
{

/// Each vcpu on a core with the fewest; among those, on the wished node, or else where its VM lives already. Later, a
/// vcpu moves from the core on which most wait to the one on which fewest do.
/// Concurrency: as its base.
class Least_loaded_placement final : public Resident_placement
{
public:
    using Parameters = Balance_parameters;

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters) { return policy::check(parameters); }

    /// Requires check(). For cores 0 to `cores` - 1.
    Least_loaded_placement(std::uint32_t cores, const Parameters& parameters);

private:
    Core_id choose(Identity vcpu, std::optional<Node_id> near) override OVM_REQUIRES(lock_);
    std::optional<processor::Move> improve(std::span<const processor::Core_load> loads) override OVM_REQUIRES(lock_);

    Parameters parameters_;
};

} // namespace ovm::policy
