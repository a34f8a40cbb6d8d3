#include "policy/spread_placement.hpp"

#include "arch/processor.hpp"
#include "base/contract.hpp"

namespace ovm::policy
{

Spread_placement::Spread_placement(std::uint32_t cores) : cores_(cores)
{
    OVM_REQUIRES_THAT(cores >= 1 && cores <= arch::max_cores);
}

Core_id Spread_placement::place(Vm_id vm, Vcpu_index index)
{
    Lock_guard const guard(lock_);
    bool const has_node = vm == last_vm_ && index != Vcpu_index(0);
    std::uint32_t best = 0;
    bool best_is_near = false;
    for (std::uint32_t core = 0; core < cores_; ++core)
    {
        bool const near = has_node && arch::node_of(Core_id(core)) == arch::node_of(last_home_);
        if (core == 0 || vcpus_[core] < vcpus_[best] || (vcpus_[core] == vcpus_[best] && near && !best_is_near))
        {
            best = core;
            best_is_near = near;
        }
    }
    ++vcpus_[best];
    if (!has_node)
    {
        last_vm_ = vm;
        last_home_ = Core_id(best);
    }
    return Core_id(best);
}

void Spread_placement::leave(Core_id core)
{
    Lock_guard const guard(lock_);
    OVM_REQUIRES_THAT(core.value() < cores_ && vcpus_[core.value()] > 0);
    --vcpus_[core.value()];
}

} // namespace ovm::policy
