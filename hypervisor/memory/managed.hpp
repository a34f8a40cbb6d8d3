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
class Managed_population final : public Population
{
public:
    explicit Managed_population(object::Policy_reference<Population> policy) : policy_(policy) {}

    Result<Bytes> ahead(const Population_progress& progress) override
    {
        return policy_.ask([&](Population& policy) { return policy.ahead(progress); });
    }
    Result<Page_order> largest() override
    {
        return policy_.ask([](Population& policy) { return policy.largest(); });
    }
    Result<Neighbours> touched(Guest_physical page) override;
    Result<> export_state(Population_state& state) override
    {
        return policy_.ask([&](Population& policy) { return policy.export_state(state); });
    }
    Result<> import_state(Population_state& state) override
    {
        return policy_.ask([&](Population& policy) { return policy.import_state(state); });
    }

private:
    object::Policy_reference<Population> policy_;
};

} // namespace ovm::memory
