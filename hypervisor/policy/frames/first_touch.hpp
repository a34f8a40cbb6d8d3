#pragma once

#include "arch/processor.hpp"
#include "policy/frames/pool_frames.hpp"

namespace ovm::policy
{

/// The built-in policy: the wished node first, then the others in order.
/// Concurrency: any core; one node's lock at a time.
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

    explicit First_touch_frames(memory::Frame_pool& pool) : Pool_frames(pool) {}
    /// Requires check().
    First_touch_frames(memory::Frame_pool& pool, const Parameters& parameters);

    Result<Host_physical> allocate(memory::Page_order order, Node_id near) override;

private:
    Parameters parameters_{};
};

} // namespace ovm::policy
