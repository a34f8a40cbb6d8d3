#include "object/collector/collector.hpp"

#include "object/collector/local_heap.hpp"

namespace ovm::object
{

void Collector::add(Local_heap& heap)
{
    auto const core = heap.core().value();
    OVM_REQUIRES_THAT(core < heaps_.size() && heaps_[core] == nullptr);
    heaps_[core] = &heap;
    markers_[core] = &heap.marker();
}

void Collector::begin()
{
    if (!open_.load(std::memory_order_acquire))
        return;
    auto now = step_.load(std::memory_order_relaxed);
    if (Step(now).phase() == Phase::idle)
        step_.compare_exchange_strong(now, Step(now).next().value(), std::memory_order_seq_cst);
}

void Collector::advance(Step step, const Local_heap& mine)
{
    auto over = false;
    switch (step.phase())
    {
    case Phase::arming:
    case Phase::greying:
    case Phase::closing:
        over = everyone_adopted(step);
        break;
    case Phase::marking:
        over = mark_has_ended(step, mine);
        break;
    case Phase::sweeping:
        over = everyone_swept(step, mine);
        break;
    case Phase::idle:
        break;
    }
    // Who loses was second to find it out.
    if (auto expected = step.value(); over)
        step_.compare_exchange_strong(expected, step.next().value(), std::memory_order_seq_cst);
}

bool Collector::everyone_adopted(Step step) const
{
    auto all = true;
    for (auto* heap : heaps_)
    {
        if (heap == nullptr || heap->adopted() == step || heap->is_quiescent())
            continue;
        all = false;
        heap->wake(); // it may be on its way from exit to entry again and again
    }
    return all;
}

bool Collector::everyone_swept(Step step, const Local_heap& mine) const
{
    auto all = true;
    for (auto* heap : heaps_)
    {
        if (heap == nullptr || heap->swept_cycle() == step.cycle())
            continue;
        all = false;
        if (heap != &mine)
            heap->wake();
    }
    return all;
}

bool Collector::count(Step step, const Local_heap& mine, Marker::Counters& sum) const
{
    auto all = true;
    for (auto* heap : heaps_)
    {
        if (heap == nullptr)
            continue;
        auto const begun = heap->adopted() == step;
        auto const counters = heap->marker().counters();
        sum.activity += counters.activity;
        sum.sent += counters.sent;
        sum.received += counters.received;
        if (begun && (counters.activity & 1) == 0 && !heap->marker().has_messages())
            continue;
        all = false;
        if (heap != &mine)
            heap->wake();
    }
    return all && sum.sent == sum.received;
}

bool Collector::mark_has_ended(Step step, const Local_heap& mine)
{
    if (counting_.exchange(true, std::memory_order_acquire))
        return false;
    Marker::Counters sum{};
    // Two rounds in a row, all idle and with equal sums: as no counter goes back, each core was idle from its first
    // look to its second, and no message was on its way in between. One round proves nothing: a core that was looked at
    // early may become active, by a message or by its own barrier, before the last one is.
    auto const quiet = count(step, mine, sum);
    auto const ended = quiet && round_step_ == step && round_ == sum;
    round_step_ = quiet ? step : Step(0);
    round_ = sum;
    counting_.store(false, std::memory_order_release);
    return ended;
}

} // namespace ovm::object
