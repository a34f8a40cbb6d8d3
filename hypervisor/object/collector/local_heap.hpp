#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/processor.hpp"
#include "base/result.hpp"
#include "object/collector/collection_policy.hpp"
#include "object/collector/collector.hpp"
#include "object/collector/marker.hpp"
#include "object/collector/quota.hpp"
#include "object/collector/slot_store.hpp"
#include "object/collector/sweeper.hpp"

namespace ovm::object
{

/// One core's heap of collected objects, and the core's part in collections.
///
///     enter()       the crossing begins, before it loads a reference
///     allocate<T>() ...
///     safe_point()  between crossings, the stack holds no reference
///     slice()       as often as work is wanted
///     leave()       the core enters a guest or halts
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
    /// Does what is owed, no more than one slice of it. True when more is owed: the core should take interrupts, pass a
    /// safe point and do another slice before it enters a guest.
    bool slice();
    void leave();
    /// One slice of at most so much.
    void run_slice(Work most);
    /// A collection has something to do for this core: an idle one goes on before it halts.
    bool has_work() const { return working_; }
    void request_collection();

    /// Memory for a header and an object, charged to the quota. Empty when there is none.
    [[gnu::always_inline]] std::span<std::uint8_t> take_slot(Quota& quota, std::size_t size_class, std::size_t charged)
    {
        OVM_REQUIRES_THAT(!sweeper_.is_finalising());
        if (!quota.charge(core_, static_cast<std::int64_t>(charged))) [[unlikely]]
        {
            if (!fetch(quota, charged))
                return {};
        }
        auto& open = store_.open(size_class);
        if (open.empty()) [[unlikely]]
        {
            if (!refill(quota, size_class, charged))
                return {};
        }
        allocated_ += Bytes(charged);
        return open.take();
    }
    std::uint64_t born_colour() const { return born_; }
    /// After an object is constructed. What is born while cores go over to a mark will be looked at by it, as cores
    /// that are behind may still store white objects in it.
    void born(Object_header& object)
    {
        if (born_grey_) [[unlikely]]
            marker_.shade(object);
    }

    /// The barrier's slow way.
    void record_deletion(std::atomic<Collected*>& field, Collected* next);

    /// What debug builds compare with the trace map of the object under construction.
    Construction& construction() { return construction_; }

    // Any core.
    Core_id core() const { return core_; }
    Step adopted() const { return Step(adopted_.load(std::memory_order_seq_cst)); }
    bool is_quiescent() const { return !in_crossing_.load(std::memory_order_seq_cst); }
    std::uint64_t swept_cycle() const { return swept_cycle_.load(std::memory_order_seq_cst); }
    const Marker& marker() const { return marker_; }
    Marker& marker() { return marker_; }
    /// Kicks the core if it is quiescent and was not kicked since.
    void wake();

    const Sweeper& sweeper() const { return sweeper_; }
    Pages pages() const { return store_.pages(); }
    Bytes occupied() const { return allocated_ - sweeper_.freed(); }
    Collection_report report() const;

private:
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
    std::uint64_t born_;
    bool born_grey_ = false;
    Bytes allocated_{}; ///< ever
    bool working_ = false;
    bool look_ = false; ///< something happened that the policy should know of
    bool tight_ = false;
    bool exhausted_ = false;
    bool requested_ = false;
    Bytes headroom_;
    Bytes allocated_then_{}; ///< when the last collection ended or this one began
    Bytes allocated_when_asked_{};
    Bytes survived_{};
    Bytes occupied_then_{};                 ///< when this collection began
    std::uint64_t work_per_kilobyte_ = 256; ///< of what was occupied; as the last collection took
    Work done_{};                           ///< in this collection
    Work owed_{};
    Sweeper sweeper_;
    Construction construction_{};

    alignas(64) std::atomic<std::uint64_t> adopted_;
    std::atomic<std::uint64_t> swept_cycle_;
    std::atomic<bool> in_crossing_{false};
    std::atomic<bool> kicked_{false};

    Marker marker_;
};

} // namespace ovm::object
