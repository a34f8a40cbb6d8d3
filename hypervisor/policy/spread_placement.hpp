#pragma once

#include <array>
#include <cstdint>

#include "arch/lock.hpp"
#include "processor/placement.hpp"

namespace ovm::policy
{

/// Each vcpu on a core with the fewest; among those, on the node where vcpu 0 of its VM lives, when it is known.
/// Concurrency: lock_.
class Spread_placement final : public processor::Placement
{
public:
    /// For cores 0 to `cores` - 1.
    explicit Spread_placement(std::uint32_t cores);

    Core_id place(Vm_id vm, Vcpu_index index) override;
    void leave(Core_id core) override;

private:
    Ranked_lock<Rank::scheduler> lock_;
    std::uint32_t cores_;
    std::array<std::uint32_t, arch::max_cores> vcpus_ OVM_GUARDED_BY(lock_){};
    Vm_id last_vm_ OVM_GUARDED_BY(lock_){};
    Core_id last_home_ OVM_GUARDED_BY(lock_){};
};

} // namespace ovm::policy
