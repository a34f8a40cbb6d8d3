#pragma once

#include "memory/frame_pool.hpp"
#include "memory/frames.hpp"
#include "memory/population.hpp"
#include "object/adaptor/policy_reference.hpp"

/// Policies as their users hold them while they may be replaced: every call goes to who is in charge, and a fault in
/// there is the policy's.
namespace ovm::memory
{

/// Frames as whoever is in charge chooses them. Concurrency: any core, inside a crossing.
class Managed_frames final : public Pool_allocator
{
public:
    Managed_frames(Frame_pool& pool, object::Policy_reference<Frame_policy> policy)
        : Pool_allocator(pool), policy_(policy)
    {
    }

    Result<Host_physical> allocate_for(Vm_id owner, Page_order order, Node_id near) override;

private:
    object::Policy_reference<Frame_policy> policy_;
};

/// Concurrency: as Population's.
using Managed_population = Population::Forwarder<object::Policy_reference<Population>>;
// A first touch comes by here: compiled where that is compiled for speed, not where VMs are put together.
extern template class Population::Forwarder<object::Policy_reference<Population>>;

} // namespace ovm::memory
