#include "object/collector/marker.hpp"

namespace ovm::object
{

namespace
{

constexpr std::uint64_t grey_work = 2; ///< units: a page or an object is taken off a list

} // namespace

void Marker::become_active()
{
    auto const activity = activity_.load(std::memory_order_relaxed);
    if ((activity & 1) == 0)
        activity_.store(activity + 1, std::memory_order_seq_cst);
}

void Marker::begin(std::uint64_t cycle)
{
    OVM_REQUIRES_THAT(grey_ == nullptr && page_ == nullptr && posted_ == nullptr && scanning_ == nullptr);
    become_active();
    cycle_ = cycle;
    root_ = 0;
    cursor_ = 0;
    scanned_ = 0;
}

void Marker::shade(Object_header& object)
{
    auto& page = Heap_page::of(object);
    if (page.owner() != core_)
        return shade_of_other(page, object);
    auto const slot = page.slot_of(object);
    if (page.is_marked(slot, cycle_))
        return;
    become_active();
    if (!page.has_grey() && &page != page_)
        list(page);
    page.shade(slot);
}

void Marker::shade_of_other(Heap_page& page, Object_header& object)
{
    auto const slot = page.slot_of(object);
    if (page.is_marked(slot, cycle_))
        return;
    become_active(); // before the note: who finds it must find this core active
    // Once more: if the mark has ended before, all that can be reached is marked, and is seen to be. A note would come
    // too late to be taken.
    if (!page.is_marked(slot, cycle_) && page.note_found(slot) && page.post())
        send(page);
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
        else if (take_grey() || take_posted())
            budget.spend(grey_work);
        // Last, so that what a root refers to is looked at while it is in the cache.
        else if (root_ < roots_.size())
            scan_roots(budget);
        else
            break;
    }
    if (root_ < roots_.size() || scanning_ != nullptr || page_ != nullptr || grey_ != nullptr || posted_ != nullptr ||
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

void Marker::list(Heap_page& page)
{
    page.next_grey = grey_;
    grey_ = &page;
}

bool Marker::take_grey()
{
    if (page_ == nullptr || !page_->has_grey())
    {
        page_ = grey_;
        if (page_ == nullptr)
            return false;
        grey_ = page_->next_grey;
    }
    scanning_ = &page_->take_grey();
    run_ = 0;
    index_ = 0;
    ++scanned_;
    return true;
}

bool Marker::take_posted()
{
    if (posted_ == nullptr)
    {
        if (!has_messages())
            return false;
        become_active(); // before it counts as received
        posted_ = inbox_.exchange(nullptr, std::memory_order_seq_cst);
    }
    auto& page = *posted_;
    posted_ = page.next_posted;
    received_.store(received_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
    auto const listed = page.has_grey() || &page == page_;
    page.collect_found();
    if (!listed && page.has_grey())
        list(page);
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

void Marker::send(Heap_page& page)
{
    auto* const owner = peers_[page.owner().value()];
    OVM_ASSERT(owner != nullptr);
    sent_.store(sent_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
    auto* before = owner->inbox_.load(std::memory_order_relaxed);
    do
        page.next_posted = before;
    while (!owner->inbox_.compare_exchange_weak(before, &page, std::memory_order_seq_cst, std::memory_order_relaxed));
}

} // namespace ovm::object
