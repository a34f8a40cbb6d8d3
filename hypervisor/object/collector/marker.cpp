#include "object/collector/marker.hpp"

#include <bit>
#include <utility>

#include "object/collector/heap_page.hpp"

namespace ovm::object
{

void Marker::become_active()
{
    auto const activity = activity_.load(std::memory_order_relaxed);
    if ((activity & 1) == 0)
        activity_.store(activity + 1, std::memory_order_seq_cst);
}

void Marker::begin(std::uint64_t marked)
{
    OVM_REQUIRES_THAT(grey_ == nullptr && received_objects_ == nullptr && scanning_ == nullptr && pending_ == 0);
    become_active();
    marked_ = marked;
    root_ = 0;
    cursor_ = 0;
    scanned_ = 0;
}

void Marker::shade(Object_header& object)
{
    if (object.has_colour(marked_))
        return;
    become_active(); // before the claim: who finds the object claimed must find this core active
    auto const owner = Heap_page::of(object).owner();
    if (owner == core_)
    {
        if (object.claim(marked_, grey_))
            grey_ = &object;
        return;
    }
    auto& batch = batches_[owner.value()];
    if (!object.claim(marked_, batch.first))
        return;
    if (batch.first == nullptr)
    {
        batch.last = &object;
        pending_ |= std::uint64_t{1} << owner.value();
    }
    batch.first = &object;
    ++batch.count;
}

void Marker::visit(const Traced_reference& reference)
{
    auto* const object = reference.object();
    if (object == nullptr)
        return;
    auto& header = header_of(*object);
    prefetch(&header);
    Heap_page::of(header).prefetch_bits();
    OVM_ASSERT(shown_.push_back(&header).has_value());
}

bool Marker::run(Budget& budget)
{
    while (!budget.is_spent())
    {
        if (scanning_ != nullptr)
            scan_object(budget);
        else if (take_grey())
            budget.spend(1);
        // Last, so that what a root refers to is looked at while it is in the cache.
        else if (root_ < roots_.size())
            scan_roots(budget);
        else
            break;
    }
    send_batches();
    if (root_ < roots_.size() || scanning_ != nullptr || grey_ != nullptr || received_objects_ != nullptr ||
        has_messages())
        return false;
    if (auto const activity = activity_.load(std::memory_order_relaxed); (activity & 1) != 0)
        activity_.store(activity + 1, std::memory_order_seq_cst);
    return true;
}

void Marker::scan_roots(Budget& budget)
{
    // In portions, as a source says only at its end how much it showed.
    auto const most = budget.left() < most_shown ? budget.left() : most_shown;
    auto const next = roots_[root_]->scan(cursor_, most, *this);
    for (auto* const object : shown_)
        shade(*object);
    shown_.clear();
    budget.spend(most);
    cursor_ = next.value_or(0);
    if (!next)
        ++root_;
}

bool Marker::take_grey()
{
    if (grey_ != nullptr)
    {
        scanning_ = grey_;
        grey_ = grey_->next();
    }
    else
    {
        if (received_objects_ == nullptr)
        {
            if (!has_messages())
                return false;
            become_active(); // before it counts as received
            received_objects_ = inbox_.exchange(nullptr, std::memory_order_seq_cst);
        }
        scanning_ = received_objects_;
        received_objects_ = received_objects_->next();
        received_.store(received_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
    }
    Heap_page::of(*scanning_).mark(*scanning_);
    run_ = 0;
    index_ = 0;
    ++scanned_;
    return true;
}

void Marker::scan_object(Budget& budget)
{
    // An object without a type is of a crossing that was discarded: nothing refers to it, and it to nothing.
    auto const* const type = scanning_->type();
    auto const runs = type == nullptr ? std::span<const Traced_run>{} : type->traced;
    while (run_ < runs.size())
    {
        auto const& run = runs[run_];
        while (index_ < run.count)
        {
            if (budget.is_spent())
                return;
            budget.spend(1);
            auto* const object = reference_at(*scanning_, run, index_).load(std::memory_order_acquire);
            ++index_;
            if (object != nullptr)
                shade(header_of(*object));
        }
        ++run_;
        index_ = 0;
    }
    scanning_ = nullptr;
}

void Marker::send_batches()
{
    while (pending_ != 0)
    {
        auto const core = static_cast<std::size_t>(std::countr_zero(pending_));
        pending_ &= pending_ - 1;
        auto const batch = std::exchange(batches_[core], Batch{});
        sent_.store(sent_.load(std::memory_order_relaxed) + batch.count, std::memory_order_seq_cst);
        OVM_ASSERT(peers_[core] != nullptr);
        peers_[core]->receive(*batch.first, *batch.last);
    }
}

void Marker::receive(Object_header& first, Object_header& last)
{
    auto* before = inbox_.load(std::memory_order_relaxed);
    do
        last.set_next(before);
    while (!inbox_.compare_exchange_weak(before, &first, std::memory_order_seq_cst, std::memory_order_relaxed));
}

} // namespace ovm::object
