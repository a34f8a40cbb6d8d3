#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/core_window.hpp"
#include "arch/crossing.hpp"
#include "arch/processor.hpp"
#include "base/result.hpp"
#include "object/clustered/epoch.hpp"
#include "object/collector/collection_policy.hpp"
#include "object/collector/collector.hpp"
#include "object/collector/marker.hpp"
#include "object/collector/quota.hpp"
#include "object/collector/slot_store.hpp"
#include "object/collector/sweeper.hpp"

namespace ovm::object
{

/// What one core did in a collection.
struct Collection_figures
{
    std::uint64_t objects_freed = 0;
    std::uint64_t bytes_freed = 0;
    std::uint64_t objects_left = 0;
    std::uint64_t bytes_left = 0;
    std::uint64_t slices = 0;
    std::uint64_t longest = 0; ///< slice, in ticks
};

/// One core's heap of collected objects, and the core's part in collections.
///
///     enter()       the crossing begins, before it loads a reference
///     allocate<T>() ...
///     safe_point()  the stack holds no reference
///     slice()       as often as work is wanted
///     leave()       the core enters a guest or halts
///
/// A crossing that only announces itself (object/clustered/epoch.hpp), as one from exit to entry does, may hold
/// references that it loads: a phase waits for its end. It stores none and allocates nothing.
///
/// Invariant:   between two safe points the core's phase does not change.
/// Concurrency: its core; what other cores may call says so.
/// Lifetime:    as long as the collector.
/// Failure:     Error::no_memory: the quota or the page source is exhausted; a collection is requested.
class Local_heap
{
public:
    Local_heap(Collector& collector, Core_id core, Page_source& source, const Collection_policy& policy);
    Local_heap(const Local_heap&) = delete;
    Local_heap& operator=(const Local_heap&) = delete;

    /// On the core itself, once, before it enters a crossing: references find their core's heap in its window.
    void attach();
    void add(Root_source& source) { marker_.add(source); }
    void use(const Collection_policy& policy) { policy_ = &policy; }

    void enter();
    void safe_point();
    /// Whether nobody can run on this core. The policy is asked when it falls idle with something allocated.
    void note_idle(bool idle);
    /// Does what is owed, no more than one slice of it. True when more is owed: the core should take interrupts, pass a
    /// safe point and do another slice before it enters a guest.
    bool slice();
    void leave();
    /// One slice of at most so much.
    void run_slice(Work most);
    /// A collection runs, or might have to: the core comes by for a safe point and a slice before it halts.
    bool wants_slice() const { return working_ || look_ || adopted().phase() != Phase::idle; }
    bool has_work() const { return working_; }
    void request_collection();

    /// A header, and memory for an object behind it, charged to the quota. Null when there is none. A crossing that is
    /// discarded before the object is made leaves a slot without a type, which the next collections free.
    /// Requires may_change(), which is looked at each time in debug builds and elsewhere when slots or quota at hand
    /// ran out.
    [[gnu::always_inline]] Object_header* take_header(Quota& quota, std::size_t size_class, std::size_t charged)
    {
        if constexpr (arch::poisons)
            OVM_REQUIRES_THAT(may_change());
        arch::Commit_section const slots;
        if (!quota.charge(core_, static_cast<std::int64_t>(charged)) && !fetch(quota, charged)) [[unlikely]]
            return nullptr;
        auto& open = store_.open(size_class);
        if (open.empty() && !refill(quota, size_class, charged)) [[unlikely]]
            return nullptr;
        allocated_ += Bytes(charged);
        auto& header = make_header(open.take(), quota);
        if (&quota != open.quota()) [[unlikely]]
            Heap_page::of(header).note_apart(header);
        return &header;
    }
    /// After an object is constructed. What is born while cores go over to a mark will be looked at by it, as cores
    /// that are behind may still store white objects in it.
    void born(Object_header& object)
    {
        if (birth_ == Birth::plain) [[likely]]
            return;
        arch::Commit_section const lists;
        marker_.shade(object);
    }

    /// The barrier's slow way.
    void record_deletion(std::atomic<Collected*>& field, Collected* next);

    /// What debug builds compare with the trace map of the object under construction.
    Construction& construction() { return construction_; }

    const Sweeper& sweeper() const { return sweeper_; }
    Pages pages() const { return store_.pages(); }
    Bytes occupied() const { return allocated_ - sweeper_.freed(); }
    std::uint64_t objects() const { return store_.taken() - sweeper_.objects_freed(); }

    // Any core.
    Core_id core() const { return core_; }
    Step adopted() const { return Step(adopted_.load(std::memory_order_seq_cst)); }
    bool is_quiescent() const { return object::is_quiescent(epoch().load(std::memory_order_seq_cst)); }
    std::uint64_t swept_cycle() const { return swept_cycle_.load(std::memory_order_seq_cst); }
    const Marker& marker() const { return marker_; }
    Marker& marker() { return marker_; }
    /// Kicks the core, once until it comes, if it sleeps or is behind.
    void wake();

    /// Of the last collection that this core was done with.
    Collection_figures figures() const;
    Collection_report report() const;

private:
    enum class Birth : std::uint8_t
    {
        plain,
        grey,
    };

    /// Not in a finaliser, and not in a crossing that did not enter().
    bool may_change() const
    {
        auto const epoch = arch::core_window().epoch.load(std::memory_order_relaxed);
        return !sweeper_.is_finalising() && (object::is_quiescent(epoch) || entered_ == epoch);
    }
    std::atomic<std::uint64_t>& epoch() const { return arch::core_window_of(core_).epoch; }
    void adopt(Step step);
    void begin_cycle();
    void end_sweep(Step step);
    [[gnu::cold, gnu::noinline]] bool fetch(Quota& quota, std::size_t charged);
    [[gnu::cold, gnu::noinline]] bool refill(Quota& quota, std::size_t size_class, std::size_t charged);
    void exhausted();

    Collector& collector_;
    Core_id core_;
    const Collection_policy* policy_;
    Slot_store store_;
    Birth birth_ = Birth::plain;
    Bytes allocated_{};         ///< ever
    std::uint64_t entered_ = 0; ///< the epoch of the last crossing that did
    bool idle_ = false;
    Bytes allocated_when_idle_{};
    bool working_ = false;
    bool look_ = false; ///< something happened that the policy should know of
    bool tight_ = false;
    bool exhausted_ = false;
    bool requested_ = false;
    Bytes headroom_;
    Bytes allocated_then_{}; ///< when the last mark ended, or this collection began
    Bytes allocated_when_asked_{};
    Bytes survived_{};
    Bytes occupied_then_{};                 ///< when this collection began
    std::uint64_t work_per_kilobyte_ = 256; ///< of what was occupied; as the last collection took
    Work done_{};                           ///< in this collection
    Work owed_{};
    Collection_figures begun_{}; ///< of this collection
    Sweeper sweeper_;
    Construction construction_{};

    alignas(64) std::atomic<std::uint64_t> adopted_;
    std::atomic<std::uint64_t> swept_cycle_;
    std::atomic<bool> kicked_{false};
    std::array<std::atomic<std::uint64_t>, 6> figures_{};

    Marker marker_;
};

} // namespace ovm::object
