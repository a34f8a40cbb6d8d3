#include "object/collector/slot_store.hpp"

#include <utility>

namespace ovm::object
{

void Slot_store::List::push(Heap_page& page)
{
    page.next = first_;
    first_ = &page;
}

Heap_page* Slot_store::List::pop()
{
    auto* const page = first_;
    if (page != nullptr)
    {
        first_ = std::exchange(page->next, nullptr);
        if (first_ != nullptr)
            first_->prefetch_header();
    }
    return page;
}

void Slot_store::List::append(List& other)
{
    OVM_REQUIRES_THAT(first_ == nullptr);
    first_ = std::exchange(other.first_, nullptr);
}

Slot_store::~Slot_store()
{
    for (auto& each : classes_)
    {
        close_page(each);
        for (auto* list : {&each.available, &each.full, &each.unswept_available, &each.unswept_full})
        {
            while (auto* const page = list->pop())
                give_back(*page);
        }
    }
    while (auto* const page = empty_.pop())
        give_back(*page);
}

Result<> Slot_store::refill(Quota& quota, std::size_t size_class, std::size_t charged)
{
    auto& in = classes_[size_class];
    while (in.page != nullptr && in.open.empty() && in.group + 1 < Heap_page::groups)
        open_group(in, in.group + 1);
    if (!in.open.empty())
        return {};
    close_page(in);
    if (auto* const page = in.available.pop())
        return open_page(in, *page, quota);
    // Not swept yet, which does no harm: what is born in it is marked.
    if (auto* const page = in.unswept_available.pop())
        return open_page(in, *page, quota);
    return open_page(in, *OVM_TRY(new_page(size_class, charged)), quota);
}

void Slot_store::open_group(Size_class& in, std::size_t group)
{
    in.group = group;
    in.open = in.page->take_free(group, !in.page->is_swept(cycle_));
    opened_ += in.open.count();
}

std::uint64_t Slot_store::taken() const
{
    auto taken = opened_;
    for (auto const& each : classes_)
        taken -= each.open.count();
    return taken;
}

Result<> Slot_store::open_page(Size_class& in, Heap_page& page, Quota& quota)
{
    if (page.is_empty())
        page.set_quota(quota);
    in.page = &page;
    open_group(in, 0);
    if (in.open.empty())
        open_group(in, 1);
    OVM_ENSURES(!in.open.empty());
    return {};
}

void Slot_store::close_page(Size_class& in)
{
    if (in.page == nullptr)
        return;
    auto& page = *std::exchange(in.page, nullptr);
    opened_ -= in.open.count();
    page.put(in.group, std::exchange(in.open, Free_slots{}));
    auto const swept = page.is_swept(cycle_);
    if (page.has_free())
        (swept ? in.available : in.unswept_available).push(page);
    else
        (swept ? in.full : in.unswept_full).push(page);
}

Result<Heap_page*> Slot_store::new_page(std::size_t size_class, std::size_t charged)
{
    auto const large = size_class == large_class;
    Pages const count(large ? charged / page_size.value() : 1);
    Heap_page* const kept = large ? nullptr : empty_.pop();
    auto const at = kept != nullptr ? kept->at() : OVM_TRY(source_.take(count));
    if (kept != nullptr)
        --kept_;
    else
        pages_ += count.value();
    auto& page = Heap_page::make(at, count, core_, size_class);
    page.set_swept(cycle_);
    ++in_use_;
    return &page;
}

void Slot_store::begin_mark(std::uint64_t cycle)
{
    cycle_ = cycle;
    sweeping_ = 0;
    unswept_ = in_use_;
    for (auto& each : classes_)
    {
        each.unswept_available.append(each.available);
        each.unswept_full.append(each.full);
        close_page(each); // which is unswept, too
    }
}

Heap_page* Slot_store::next_unswept()
{
    while (sweeping_ < size_class_count)
    {
        auto& in = classes_[sweeping_];
        if (auto* const page = in.unswept_full.pop())
            return page;
        if (auto* const page = in.unswept_available.pop())
            return page;
        if (in.page != nullptr && !in.page->is_swept(cycle_))
            close_page(in); // back among the unswept
        else
            ++sweeping_;
    }
    return nullptr;
}

Heap_page* Slot_store::next_wanted(std::size_t size_class)
{
    auto& in = classes_[size_class];
    if (!in.available.empty())
        return nullptr;
    for (auto* const list : {&in.unswept_full, &in.unswept_available})
    {
        auto* const page = list->pop();
        if (page == nullptr)
            continue;
        if (!page->garbage_apart())
            return page;
        list->push(*page);
    }
    return nullptr;
}

void Slot_store::put_swept(Heap_page& page)
{
    page.set_swept(cycle_);
    --unswept_;
    auto& in = classes_[page.size_class()];
    if (page.is_empty())
        release(page);
    else if (page.has_free())
        in.available.push(page);
    else
        in.full.push(page);
}

void Slot_store::release(Heap_page& page)
{
    --in_use_;
    if (page.pages() == Pages(1) && kept_ < most_kept)
    {
        ++kept_;
        return empty_.push(page);
    }
    give_back(page);
}

void Slot_store::give_back(Heap_page& page)
{
    auto const at = page.at();
    auto const pages = page.pages();
    pages_ -= pages.value();
    Heap_page::unmake(page);
    source_.give(at, pages);
}

} // namespace ovm::object
