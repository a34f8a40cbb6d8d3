#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "object/collector/marker.hpp"
#include "object/collector/phase.hpp"

namespace ovm::object
{

class Local_heap;

/// What the cores' heaps have in common: the phase, and the knowledge when the next one may begin.
/// Concurrency: any core; nobody waits: a core that finds that a phase is over announces the next.
/// Lifetime:    outlives the heaps.
class Collector
{
public:
    Collector() = default;
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;

    /// Each core's, before it allocates.
    void add(Local_heap& heap);
    /// All were added: collections may begin.
    void open() { open_.store(true, std::memory_order_release); }
    const Marker::Peers& markers() const { return markers_; }

    Step step() const { return Step(step_.load(std::memory_order_seq_cst)); }

    /// How many collections have ended.
    std::uint64_t ended() const
    {
        auto const now = step();
        return now.phase() == Phase::idle ? now.cycle() : now.cycle() - 1;
    }

    /// Begins a collection, if none runs and the collector is open.
    void begin();
    /// Announces the next phase if all cores are done with that of now. `mine` is the core that asks, idle itself. A
    /// core that has something left to do and may not know it is kicked.
    void advance(Step step, const Local_heap& mine);

private:
    bool everyone_adopted(Step step) const;
    bool everyone_swept(Step step, const Local_heap& mine) const;
    bool mark_has_ended(Step step, const Local_heap& mine);
    /// The sums of a round over all cores; false when one is active or has not begun.
    bool count(Step step, const Local_heap& mine, Marker::Counters& sum) const;

    /// Before the first collection: all is born in its colour, which counts as the mark of collection 0.
    std::atomic<std::uint64_t> step_{Step(0, Phase::idle).value()};
    std::atomic<bool> open_{false};
    std::array<Local_heap*, arch::max_cores> heaps_{};
    Marker::Peers markers_{};

    alignas(64) std::atomic<bool> counting_{false}; ///< a core is in a round, and has what follows
    Step round_step_{0};
    Marker::Counters round_{};
};

} // namespace ovm::object
