#pragma once

#include "memory/frame_pool.hpp"

namespace ovm::policy
{

/// What all frame policies have in common: the pool serves all that is no decision, and the turns of a policy that
/// takes turns are carried through those that do not.
/// Concurrency: any core; the turns only while a policy is exchanged.
class Pool_frames : public memory::Frame_allocator
{
public:
    void release(Host_physical frame, memory::Page_order order) final { pool_.release(frame, order); }
    void split(Host_physical frame, memory::Page_order from, memory::Page_order to) final
    {
        pool_.split(frame, from, to);
    }
    Pages free() const final { return pool_.free(); }

    Result<> export_state(memory::Frame_state& state) override;
    Result<> import_state(memory::Frame_state& state) override;

protected:
    explicit Pool_frames(memory::Frame_pool& pool) : pool_(pool) {}
    ~Pool_frames() = default;

    /// The nodes from `first` on, in a circle, at most `count` of them. Error::no_memory.
    Result<Host_physical> allocate_around(std::uint32_t first, std::uint32_t count, memory::Page_order order,
                                          const memory::Block_choice& choice = {});

    memory::Frame_pool& pool_;

private:
    memory::Frame_state carried_{};
};

} // namespace ovm::policy
