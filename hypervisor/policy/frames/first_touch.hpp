#pragma once

#include "arch/processor.hpp"
#include "policy/frames/pool_frames.hpp"

namespace ovm::policy
{

/// The built-in policy: the wished node first, then the others in order.
/// Concurrency: any core; it holds none.
class First_touch_frames final : public Pool_frames
{
public:
    struct Parameters
    {
        /// How many other nodes are tried when the wished one has nothing; 0: none, so a VM stays where it belongs.
        std::uint32_t reach = reach_max;

        static constexpr std::uint32_t reach_max = arch::max_nodes - 1;
    };

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters);

    explicit First_touch_frames(const memory::Frame_pool& pool) : Pool_frames(pool) {}
    /// Requires check().
    First_touch_frames(const memory::Frame_pool& pool, const Parameters& parameters);

    Result<memory::Frame_choice> choose(const memory::Frame_request& request, std::uint32_t place) override;

private:
    Parameters parameters_{};
};

/// Frames by the built-in policy alone, for those who must not depend on one that may be replaced.
/// Concurrency: any core. Lifetime: the pool's.
class First_touch_allocator final : public memory::Pool_allocator
{
public:
    explicit First_touch_allocator(memory::Frame_pool& pool) : Pool_allocator(pool), policy_(pool) {}

    Result<Host_physical> allocate_for(Vm_id owner, memory::Page_order order, Node_id near) override
    {
        return pool_.allocate({.order = order, .near = near, .owner = owner, .nodes = pool_.nodes()}, policy_);
    }

private:
    First_touch_frames policy_;
};

} // namespace ovm::policy
