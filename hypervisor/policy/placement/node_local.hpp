#pragma once

#include "policy/placement/balance.hpp"
#include "policy/placement/resident_placement.hpp"

namespace ovm::policy
{

/// All vcpus of a VM on one node: where most of them live already, or else the wished one, or else the emptiest. On it,
/// on the core with the fewest. Later, whoever lives on another node than the most of its VM is brought there, and
/// vcpus move between the cores of a node as their loads ask for.
/// Concurrency: as its base.
class Node_local_placement final : public Resident_placement
{
public:
    using Parameters = Balance_parameters;

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters) { return policy::check(parameters); }

    /// Requires check(). For cores 0 to `cores` - 1.
    Node_local_placement(std::uint32_t cores, const Parameters& parameters);

private:
    Core_id choose(Identity vcpu, std::optional<Node_id> near) override OVM_REQUIRES(lock_);
    std::optional<processor::Move> improve(std::span<const processor::Core_load> loads) override OVM_REQUIRES(lock_);

    Parameters parameters_;
};

} // namespace ovm::policy
