#pragma once

#include <array>
#include <cstdint>

#include "base/result.hpp"
#include "base/strong.hpp"
#include "memory/page_order.hpp"

namespace ovm::memory
{

template <Error answer>
class Frame_stand_in;

/// What a frame policy leaves to the next one. What the frames are, and who has them, is no policy's: the pool's.
struct Frame_state
{
    enum Loss : std::uint32_t
    {
        none = 0,
        turn = 1, ///< whose turn it was: that node is not among those that the next policy serves
    };

    /// The node whose turn it is, for each order of blocks.
    std::array<std::uint32_t, page_orders> turns{};
    std::uint32_t lost = none;
};

/// Policy: which frames a request gets. Only allocate() is a decision; whoever gives back, splits or counts is served
/// by the pool at once, through a gate and a tombstone as well, so that nothing leaks while a policy is replaced.
/// Concurrency: any core. Failure: Error::no_memory, nothing changed; Error::busy: the policy is being replaced.
class Frame_allocator
{
public:
    using State = Frame_state;
    using Gate = Frame_stand_in<Error::busy>;
    using Gone = Frame_stand_in<Error::gone>;

    /// A block of that order, aligned to its size, of undefined content; `near` is a wish.
    virtual Result<Host_physical> allocate(Page_order order, Node_id near) = 0;
    /// Gives back what allocate() gave. A block that was not given out, or under another order, breaks the contract.
    virtual void release(Host_physical frame, Page_order order) = 0;
    /// From now on the block of order `from` is blocks of order `to`, each given back by itself.
    virtual void split(Host_physical frame, Page_order from, Page_order to) = 0;
    virtual Pages free() const = 0;

    /// It may be asked to go on afterwards, as if nothing had been.
    virtual Result<> export_state(Frame_state& state) = 0;
    /// Called once, on a new policy, first; adds to `lost` what it cannot keep. Error::invalid: the state names a node
    /// that this machine lacks.
    virtual Result<> import_state(Frame_state& state) = 0;

protected:
    ~Frame_allocator() = default;
};

} // namespace ovm::memory
