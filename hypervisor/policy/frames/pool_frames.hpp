#pragma once

#include <cstdint>

#include "memory/frame_pool.hpp"

namespace ovm::policy
{

/// What all built-in frame policies have in common: the turns of a policy that takes turns are carried through those
/// that do not.
/// Concurrency: any core; the turns only while a policy is exchanged.
class Pool_frames : public memory::Frame_policy
{
public:
    Result<> export_state(memory::Frame_state& state) override;
    Result<> import_state(memory::Frame_state& state) override;

protected:
    explicit Pool_frames(const memory::Frame_pool& pool) : pool_(pool) {}
    ~Pool_frames() = default;

    /// So many nodes behind that one, in a circle.
    Node_id node_behind(Node_id first, std::uint32_t distance) const
    {
        return Node_id((first.value() + distance) % pool_.nodes());
    }

    const memory::Frame_pool& pool_;

private:
    memory::Frame_state carried_{};
};

} // namespace ovm::policy
