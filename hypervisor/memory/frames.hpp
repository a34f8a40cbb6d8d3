#pragma once

#include "base/result.hpp"
#include "base/strong.hpp"
#include "memory/frame_policy.hpp"

namespace ovm::memory
{

/// Frames, for those who need some: which ones is a policy's choice (Frame_policy); what is free is the pool's to know,
/// so whoever gives back, splits or counts waits for no policy, and nothing leaks while one is replaced.
/// Concurrency: any core. Failure: Error::no_memory, nothing changed; Error::busy: the policy is being replaced.
class Frame_allocator
{
public:
    /// A block of that order, aligned to its size, of undefined content; `near` is a wish.
    virtual Result<Host_physical> allocate_for(Vm_id owner, Page_order order, Node_id near) = 0;
    /// The same for OVM itself.
    Result<Host_physical> allocate(Page_order order, Node_id near) { return allocate_for(no_owner, order, near); }
    /// Gives back what allocate() gave. A block that was not given out, or under another order, breaks the contract.
    virtual void release(Host_physical frame, Page_order order) = 0;
    /// From now on the block of order `from` is blocks of order `to`, each given back by itself.
    virtual void split(Host_physical frame, Page_order from, Page_order to) = 0;
    virtual Pages free() const = 0;

protected:
    ~Frame_allocator() = default;
};

} // namespace ovm::memory
