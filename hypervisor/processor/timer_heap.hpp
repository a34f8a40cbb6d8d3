#pragma once

#include "base/strong.hpp"
#include "processor/timer.hpp"

namespace ovm::processor
{

/// Timers by deadline: a pairing heap (Fredman, Sedgewick, Sleator, Tarjan, 1986) through links in the timers. Adding
/// is O(1), removing O(log n) amortised; nothing is allocated and nothing recurses.
/// Invariant:   no timer's deadline is before its parent's; the root has no sibling.
/// Concurrency: the owner's.
class Timer_heap
{
public:
    Timer* earliest() const { return root_; }
    void add(Timer& timer);
    /// Requires that the timer is in this heap.
    void remove(Timer& timer);

private:
    static Timer* meld(Timer* first, Timer* second);
    static Timer* meld_siblings(Timer* first);
    static void cut(Timer& timer);

    Timer* root_ = nullptr;
};

} // namespace ovm::processor
