#include "object/collector/local_heap.hpp"

#include <algorithm>
#include <utility>

namespace ovm::object
{

namespace
{

constexpr Bytes no_limit{~std::uint64_t{0}};

} // namespace

Local_heap::Local_heap(Collector& collector, Core_id core, Page_source& source, const Collection_policy& policy)
    : collector_(collector), core_(core), policy_(&policy), store_(source, core), headroom_(no_limit),
      sweeper_(store_, core), adopted_(collector.step().value()), swept_cycle_(collector.step().cycle()),
      marker_(core, collector.markers())
{
    OVM_REQUIRES_THAT(collector.step().phase() == Phase::idle);
    collector.add(*this);
}

void Local_heap::attach()
{
    OVM_REQUIRES_THAT(arch::this_core() == core_);
    auto& window = arch::core_window();
    window.heap = this;
    window.records_deletions = collector_.step().records_deletions();
}

void Local_heap::enter()
{
    // Announced before the phase is read: who announces a later phase finds this core in a crossing, or has been seen.
    auto& window = arch::core_window();
    announce_crossing(window);
    entered_ = window.epoch.load(std::memory_order_relaxed);
    if (kicked_.load(std::memory_order_relaxed))
        kicked_.store(false, std::memory_order_relaxed);
    if (auto const step = collector_.step(); step.value() != adopted_.load(std::memory_order_relaxed))
        adopt(step);
}

void Local_heap::leave()
{
    end_crossing(arch::core_window());
}

void Local_heap::wake()
{
    if ((is_quiescent() || adopted() != collector_.step()) && !kicked_.exchange(true, std::memory_order_relaxed))
        arch::kick(core_);
}

void Local_heap::safe_point()
{
    auto step = collector_.step();
    if (step.value() != adopted_.load(std::memory_order_relaxed))
        adopt(step);
    if (step.phase() == Phase::idle)
    {
        if (!look_)
            return;
        auto const starts = requested_ || policy_->should_start(report());
        look_ = requested_ = false; // now: a policy that fails is asked again
        if (!starts)
            return;
        collector_.begin();
    }
    else if (!working_)
        collector_.advance(step, *this);
    if (auto const now = collector_.step(); now != step)
        adopt(now);
}

void Local_heap::note_idle(bool idle)
{
    if (idle && !idle_ && allocated_ != allocated_when_idle_)
    {
        allocated_when_idle_ = allocated_;
        look_ = true;
    }
    idle_ = idle;
}

void Local_heap::adopt(Step step)
{
    arch::Commit_section const phase;
    auto const before = adopted();
    if (before.cycle() != step.cycle())
        begin_cycle();
    birth_ = step.is_born_grey() ? Birth::grey : Birth::plain;
    arch::core_window().records_deletions = step.records_deletions();
    // A core may sleep through handshakes, but not through a mark or a sweep: they do not end without it.
    if (step.phase() <= Phase::marking && (before.cycle() != step.cycle()))
        marker_.begin(step.cycle());
    if (step.phase() == Phase::marking)
    {
        store_.begin_mark(step.cycle());
        working_ = true;
    }
    else if (step.phase() == Phase::sweeping)
    {
        sweeper_.begin();
        allocated_then_ = allocated_;
        working_ = true;
    }
    else if (step.phase() == Phase::idle)
    {
        tight_ = false;
        headroom_ = no_limit;
        look_ = true;
    }
    adopted_.store(step.value(), std::memory_order_seq_cst);
}

void Local_heap::begin_cycle()
{
    allocated_then_ = allocated_;
    occupied_then_ = occupied();
    exhausted_ = false;
    requested_ = false;
    done_ = Work{};
    owed_ = Work{};
    begun_ = {.objects_freed = sweeper_.objects_freed(), .bytes_freed = sweeper_.freed().value()};
}

bool Local_heap::slice()
{
    if (!working_)
    {
        // Messages, or the barrier, may have brought work again.
        if (adopted().phase() != Phase::marking || (!marker_.has_messages() && (marker_.counters().activity & 1) == 0))
            return false;
        working_ = true;
    }
    owed_ += policy_->owed(report());
    allocated_when_asked_ = allocated_;
    auto const longest = policy_->longest_slice();
    run_slice(owed_ < longest ? owed_ : longest);
    return owed_ != Work{};
}

void Local_heap::run_slice(Work most)
{
    arch::Commit_section const lists;
    auto const begun = arch::time_stamp();
    Budget budget(most);
    auto const step = adopted();
    ++begun_.slices;
    if (step.phase() == Phase::marking)
        working_ = !marker_.run(budget);
    auto const swept = step.phase() == Phase::sweeping && working_ && sweeper_.run(budget);
    begun_.longest = std::max(begun_.longest, (arch::time_stamp() - begun).value());
    if (swept)
        end_sweep(step);
    done_ += Work(most.value() - budget.left());
    owed_ = working_ && most < owed_ ? owed_ - most : Work{};
}

void Local_heap::end_sweep(Step step)
{
    working_ = false;
    survived_ = occupied() - (allocated_ - allocated_then_);
    if (auto const kilobytes = occupied_then_.value() / 1024; kilobytes != 0)
        work_per_kilobyte_ = done_.value() / kilobytes + 16;
    figures_[0].store(sweeper_.objects_freed() - begun_.objects_freed, std::memory_order_relaxed);
    figures_[1].store(sweeper_.freed().value() - begun_.bytes_freed, std::memory_order_relaxed);
    figures_[2].store(objects(), std::memory_order_relaxed);
    figures_[3].store(survived_.value(), std::memory_order_relaxed);
    figures_[4].store(begun_.slices, std::memory_order_relaxed);
    figures_[5].store(begun_.longest, std::memory_order_relaxed);
    swept_cycle_.store(step.cycle(), std::memory_order_seq_cst);
}

Collection_figures Local_heap::figures() const
{
    auto const get = [this](std::size_t index) { return figures_[index].load(std::memory_order_relaxed); };
    return {.objects_freed = get(0),
            .bytes_freed = get(1),
            .objects_left = get(2),
            .bytes_left = get(3),
            .slices = get(4),
            .longest = get(5)};
}

void Local_heap::request_collection()
{
    requested_ = true;
    look_ = true;
}

Collection_report Local_heap::report() const
{
    // An estimate that proves too small is made good: a quarter of it is always still to come.
    auto const guess = occupied_then_.value() * work_per_kilobyte_ / 1024;
    auto const rest = guess > done_.value() ? guess - done_.value() : 0;
    return {.phase = adopted().phase(),
            .occupied = occupied(),
            .survived = survived_,
            .allocated = allocated_ - allocated_then_,
            .since_asked = allocated_ - allocated_when_asked_,
            .headroom = headroom_,
            .expected = Work(rest + guess / 4),
            .unswept = sweeper_.expected(),
            .tight = tight_,
            .exhausted = exhausted_,
            .idle = idle_};
}

bool Local_heap::fetch(Quota& quota, std::size_t charged)
{
    OVM_REQUIRES_THAT(may_change());
    auto const bytes = static_cast<std::int64_t>(charged);
    if (!quota.fetch(core_, bytes) || !quota.charge(core_, bytes))
    {
        exhausted();
        return false;
    }
    if (auto const left = quota.left(); left < headroom_)
        headroom_ = left;
    auto const step = adopted();
    if (!tight_ && quota.is_tight(step.phase() == Phase::idle ? step.cycle() : step.cycle() - 1))
        look_ = tight_ = true;
    return true;
}

bool Local_heap::refill(Quota& quota, std::size_t size_class, std::size_t charged)
{
    OVM_REQUIRES_THAT(may_change());
    look_ = true;
    sweeper_.sweep_wanted(size_class);
    if (store_.refill(quota, size_class, charged))
        return true;
    quota.credit(core_, static_cast<std::int64_t>(charged));
    exhausted();
    return false;
}

void Local_heap::exhausted()
{
    exhausted_ = true;
    headroom_ = Bytes{};
    request_collection();
}

void Local_heap::record_deletion(std::atomic<Collected*>& field, Collected* next)
{
    OVM_REQUIRES_THAT(may_change()); // a finaliser stores no reference
    arch::Commit_section const colour;
    auto* old = field.load(std::memory_order_acquire);
    // Marked before it is overwritten, so that the mark cannot end in between; and each value that was ever there by
    // who overwrote it, as another core's store may come first.
    do
    {
        if (old != nullptr)
            marker_.shade(header_of(*old));
    } while (!field.compare_exchange_weak(old, next, std::memory_order_acq_rel, std::memory_order_acquire));
}

void store_recording(std::atomic<Collected*>& field, Collected* next)
{
    arch::core_window().heap->record_deletion(field, next);
}

void count_reference(const void* field)
{
    if (auto* const heap = arch::core_window().heap)
        heap->construction().count(field);
}

} // namespace ovm::object
