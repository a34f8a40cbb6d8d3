#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arch/processor.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

/// Whose an NMI is, since it does not say so: for each time that a watch is over, every core gets one. Before core 0
/// has had its own, or has renewed the watch late, the clock tells; afterwards, that core 0 has counted one that this
/// core has not had. Concurrency: is_over() by each core in its NMI, the rest by core 0, whose NMI may come between any
/// two steps.
class Watch_rings
{
public:
    /// The watch is over at `end` or a little later. Before it is set so.
    void renew(Ticks now, Ticks end)
    {
        // It may have rung a moment ago: NMIs of that are still on their way.
        if (now.value() >= end_.load(std::memory_order_relaxed))
            rings_.store(rings_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        end_.store(end.value(), std::memory_order_release);
    }

    /// In an NMI of that core: it is the watch's.
    bool is_over(Core_id core, Ticks now)
    {
        auto& seen = seen_[core.value()];
        // Core 0 counts before it sets the next end, so who finds that finds the count, too.
        auto const end = end_.load(std::memory_order_acquire);
        auto const rings = rings_.load(std::memory_order_acquire);
        if (seen > rings || (seen == rings && now.value() < end))
            return false;
        // A core can have two NMIs before it: one whose handler runs, one that waits for that.
        seen = rings > seen + 1 ? rings - 1 : seen + 1;
        return true;
    }

private:
    std::atomic<std::uint64_t> end_{~std::uint64_t{0}};
    std::atomic<std::uint64_t> rings_{0};         ///< how often it was over, as core 0 has seen it
    std::array<std::uint64_t, max_cores> seen_{}; ///< each core's own: of these it has had an NMI
};

} // namespace ovm::arch
