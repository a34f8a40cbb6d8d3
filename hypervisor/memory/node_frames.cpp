#include "memory/node_frames.hpp"

#include <algorithm>

#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "arch/raw_bytes.hpp"
#include "base/bits.hpp"

namespace ovm::memory
{

namespace
{

constexpr std::uint8_t absent = 0x80;
constexpr std::uint8_t inner = 0x40;
constexpr std::uint8_t given = 0x20;

} // namespace

Bytes Node_frames::bookkeeping(const Page_numbers& numbers)
{
    auto const pages = numbers.count();
    return Bytes(align_up(links_of(pages) * sizeof(Links) + pages, page_size.value()));
}

void Node_frames::open(const Page_numbers& numbers, std::span<std::uint8_t> storage)
{
    OVM_REQUIRES_THAT(storage.size() >= bookkeeping(numbers).value());
    Lock_guard const guard(lock_);
    numbers_ = numbers;
    pages_ = numbers.count();
    auto const links = storage.first(links_of(pages_) * sizeof(Links));
    states_ = storage.subspan(links.size(), pages_);
    arch::fill(links, 0xff); // `none`
    links_ = arch::as_array_of<Links>(links);
    arch::fill(states_, absent);
    heads_.fill(none);
    blocks_.fill(0);
    free_ = 0;
}

void Node_frames::insert_locked(std::uint32_t page, unsigned order)
{
    auto const head = heads_[order];
    [[maybe_unused]] auto const before = blocks_[order];
    links(page) = {.next = head, .previous = none};
    if (head != none)
        links(head).previous = page;
    heads_[order] = page;
    ++blocks_[order];
    states_[page] = static_cast<std::uint8_t>(order);
    OVM_PROMISES(heads_[order] == page && links(page).next == head && states_[page] == order);
    OVM_PROMISES(links(page).previous == none || page / 2 == head / 2);
    OVM_PROMISES(head == none || links(head).previous == page);
    OVM_PROMISES(blocks_[order] == before + 1);
}

void Node_frames::remove_locked(std::uint32_t page, unsigned order)
{
    auto const [next, previous] = links(page);
    [[maybe_unused]] auto const before = blocks_[order];
    if (previous == none)
        heads_[order] = next;
    else
        links(previous).next = next;
    if (next != none)
        links(next).previous = previous;
    --blocks_[order];
    states_[page] = inner;
    OVM_PROMISES(previous == none ? heads_[order] == next : links(previous).next == next);
    OVM_PROMISES(next == none || links(next).previous == previous);
    OVM_PROMISES(blocks_[order] == before - 1 && states_[page] == inner);
}

bool Node_frames::is_free_block(std::uint32_t page, unsigned order) const
{
    OVM_PRESUMES(states_.size() == pages_ && order < page_orders);
    bool const is_free = page < pages_ && std::uint64_t{page} + bit(order) <= pages_ && states_[page] == order;
    OVM_PROMISES(is_free == (page < pages_ && pages_ - page >= bit(order) && states_[page] == order));
    return is_free;
}

void Node_frames::free_locked(std::uint32_t page, unsigned order)
{
    free_ += bit(order);
    while (order + 1 < page_orders)
    {
        OVM_LOOP_INVARIANT(is_sound() && page < pages_ && order < page_orders);
        OVM_LOOP_INVARIANT(are_linked());
        OVM_VARIANT(page_orders - order);
        auto const buddy = page ^ static_cast<std::uint32_t>(bit(order));
        if (!is_free_block(buddy, order))
            break;
        remove_locked(buddy, order);
        states_[page] = inner;
        page &= buddy;
        ++order;
    }
    insert_locked(page, order);
}

void Node_frames::add(Range<Host_physical> range)
{
    auto page = numbers_.number(range.begin);
    auto const end = numbers_.number(range.end() - page_size) + 1;
    OVM_REQUIRES_THAT(end - page == range.size.value() / page_size.value() && ranges_.size() < most_ranges);
    static_cast<void>(ranges_.push_back(range)); // there is room
    Lock_guard const guard(lock_);
    while (page < end)
    {
        unsigned order = 0;
        while (order + 1 < page_orders && (page & (bit(order + 1) - 1)) == 0 && page + bit(order + 1) <= end)
            ++order;
        OVM_REQUIRES_THAT(states_[page] == absent);
        arch::fill(states_.subspan(page, bit(order)), inner);
        free_locked(page, order);
        page += static_cast<std::uint32_t>(bit(order));
    }
}

std::uint32_t Node_frames::choose_locked(unsigned order, const Block_choice& choice) const
{
    auto best = heads_[order];
    auto page = best;
    for (unsigned looks = 1; looks < choice.look; ++looks)
    {
        OVM_LOOP_INVARIANT(page < pages_ && best < pages_ &&
                           (choice.end == Block_choice::End::high ? best >= page && best >= heads_[order]
                                                                  : best <= page && best <= heads_[order]));
        page = links(page).next;
        if (page == none)
            break;
        if (choice.end == Block_choice::End::high ? page > best : page < best)
            best = page;
    }
    return best;
}

Result<Host_physical> Node_frames::allocate(Page_order wanted, const Block_choice& choice)
{
    OVM_REQUIRES_THAT(wanted.value() < page_orders && choice.is_possible(wanted));
    if (pages_ == 0)
        return Error::no_memory; // a node without memory was never opened
    Lock_guard const guard(lock_);
    return allocate_locked(wanted, choice);
}

std::uint32_t Node_frames::allocate_pages(std::span<Host_physical> pages)
{
    if (pages_ == 0)
        return 0;
    Lock_guard const guard(lock_);
    arch::Commit_section const lists;
    std::uint32_t count = 0;
    for (auto& page : pages)
    {
        auto const allocated = allocate_locked(small_order, {});
        if (!allocated)
            break;
        page = *allocated;
        ++count;
    }
    return count;
}

Node_frames::Found Node_frames::find_locked(Page_order wanted, const Block_choice& choice) const
{
    unsigned order = wanted.value();
    while (order < page_orders && heads_[order] == none)
    {
        OVM_LOOP_INVARIANT(order >= wanted.value() && are_empty(heads_, wanted, order));
        OVM_VARIANT(page_orders - order);
        ++order;
    }
    if (order == page_orders || (order > wanted.value() && order > choice.largest.value()))
        return {};
    return {choice.end == Block_choice::End::any ? heads_[order] : choose_locked(order, choice), order};
}

/// A page's number is as aligned as the page is, so it has the page's colour. Blocks of all colours come last: they are
/// broken only for a colour that none of the looked at smaller ones has.
Node_frames::Found Node_frames::find_coloured_locked(Page_order wanted, const Block_choice& choice) const
{
    auto const differs = [&choice](std::uint32_t page, unsigned order)
    { return ((page ^ choice.colour) & (bit(choice.colours) - 1)) >> order != 0; };
    for (unsigned order = wanted.value(); order < page_orders; ++order)
    {
        OVM_LOOP_INVARIANT(order >= wanted.value() && no_head_would_do(heads_, wanted, order, choice));
        if (order > wanted.value() && order > choice.largest.value())
            break;
        auto page = heads_[order];
        for (unsigned looks = 1; page != none && differs(page, order) && looks < choice.look; ++looks)
        {
            OVM_LOOP_INVARIANT(page < pages_ && (page == heads_[order] || !has_colour(heads_[order], order, choice)));
            OVM_VARIANT(Block_choice::most_look - looks);
            page = links(page).next;
        }
        if (page != none && !differs(page, order))
            return {page, order};
    }
    return {};
}

std::uint32_t Node_frames::break_locked(Found found, Page_order wanted, const Block_choice& choice)
{
    auto page = found.page;
    auto order = found.order;
    remove_locked(page, order);
    while (order > wanted.value())
    {
        OVM_LOOP_INVARIANT(are_linked());
        OVM_LOOP_INVARIANT(is_sound() && order <= found.order && found.order < page_orders && is_inside(page, order));
        OVM_LOOP_INVARIANT(page >= found.page && page - found.page <= bit(found.order) - bit(order));
        OVM_VARIANT(order);
        --order;
        auto const half = static_cast<std::uint32_t>(bit(order));
        bool const upper = order < choice.colours ? (choice.colour & half) != 0 : choice.end == Block_choice::End::high;
        if (upper)
        {
            insert_locked(page, order);
            page += half;
        }
        else
            insert_locked(page + half, order);
    }
    return page;
}

Result<Host_physical> Node_frames::allocate_locked(Page_order wanted, const Block_choice& choice)
{
    auto const found = choice.colours == 0 ? find_locked(wanted, choice) : find_coloured_locked(wanted, choice);
    if (found.page == none)
        return Error::no_memory;
    OVM_ASSERT(is_free_block(found.page, found.order));
    arch::Commit_section const lists;
    auto const page = break_locked(found, wanted, choice);
    arch::injection_point("frame pool: before a broken block is given out");
    states_[page] = static_cast<std::uint8_t>(given | wanted.value());
    free_ -= bit(wanted.value());
    return numbers_.address(page);
}

std::uint32_t Node_frames::given_locked(Host_physical frame, Page_order order) const
{
    OVM_REQUIRES_THAT(frame.is_aligned(page_size) && order.value() < page_orders);
    auto const page = numbers_.number(frame);
    OVM_REQUIRES_THAT(states_[page] == (given | order.value()));
    return page;
}

void Node_frames::release(Host_physical frame, Page_order order)
{
    Lock_guard const guard(lock_);
    auto const page = given_locked(frame, order);
    arch::Commit_section const lists;
    free_locked(page, order.value());
}

void Node_frames::release_pages(std::span<const Host_physical> pages)
{
    Lock_guard const guard(lock_);
    arch::Commit_section const lists;
    for (auto const page : pages)
        free_locked(given_locked(page, small_order), small_order.value());
}

void Node_frames::split(Host_physical frame, Page_order from, Page_order to)
{
    OVM_REQUIRES_THAT(to < from);
    Lock_guard const guard(lock_);
    auto const page = given_locked(frame, from);
    arch::Commit_section const states;
    for (std::uint64_t i = 0; i < bit(from.value()); i += bit(to.value()))
        states_[page + i] = static_cast<std::uint8_t>(given | to.value());
}

bool Node_frames::owns(Host_physical frame) const
{
    return std::ranges::any_of(ranges_.items(), [frame](const auto& range) { return range.contains(frame); });
}

Pages Node_frames::free() const
{
    Lock_guard const guard(lock_);
    return Pages(free_);
}

Pages Node_frames::free_in_blocks(Page_order order) const
{
    Lock_guard const guard(lock_);
    std::uint64_t pages = 0;
    for (unsigned i = order.value(); i < page_orders; ++i)
        pages += std::uint64_t{blocks_[i]} << i;
    return Pages(pages);
}

} // namespace ovm::memory
