#pragma once

#include "base/bits.hpp"
#include "base/contract.hpp"
#include "memory/frame_pool.hpp"
#include "memory/frames.hpp"
#include "memory/population.hpp"
#include "object/adaptor/policy_reference.hpp"

/// Policies as their users hold them while they may be replaced: every call goes to who is in charge, and a fault in
/// there is the policy's.
namespace ovm::memory
{

/// Only allocate() is a decision; the rest is the pool's. Concurrency: any core, inside a crossing.
class Managed_frames final : public Frame_allocator
{
public:
    Managed_frames(Frame_pool& pool, object::Policy_reference<Frame_allocator> policy) : pool_(pool), policy_(policy) {}

    Result<Host_physical> allocate(Page_order order, Node_id near) override
    {
        return policy_.ask([&](Frame_allocator& policy) { return policy.allocate(order, near); });
    }
    void release(Host_physical frame, Page_order order) override { pool_.release(frame, order); }
    void split(Host_physical frame, Page_order from, Page_order to) override { pool_.split(frame, from, to); }
    Pages free() const override { return pool_.free(); }
    Result<> export_state(Frame_state& state) override
    {
        return policy_.ask([&](Frame_allocator& policy) { return policy.export_state(state); });
    }
    Result<> import_state(Frame_state& state) override
    {
        return policy_.ask([&](Frame_allocator& policy) { return policy.import_state(state); });
    }

private:
    Frame_pool& pool_;
    object::Policy_reference<Frame_allocator> policy_;
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
    Result<Pages> around_touch() override
    {
        return policy_.ask(
            [](Population& policy)
            {
                auto const pages = policy.around_touch();
                OVM_ENSURES(!pages || is_power_of_two(pages->value()));
                return pages;
            });
    }
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
