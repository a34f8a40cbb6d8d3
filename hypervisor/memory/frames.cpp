#include "memory/frames.hpp"

#include "arch/raw_bytes.hpp"
#include "base/bits.hpp"

namespace ovm::memory
{

namespace
{

constexpr std::uint8_t absent = 0x80;
constexpr std::uint8_t inner = 0x40;
constexpr std::uint8_t given = 0x20;
constexpr std::uint64_t bytes_a_page = 9;

} // namespace

Bytes Node_frames::bookkeeping(Range<Host_physical> span)
{
    return Bytes(align_up(span.size.value() / page_size.value() * bytes_a_page, page_size.value()));
}

void Node_frames::open(Range<Host_physical> span, std::span<std::uint8_t> storage)
{
    OVM_REQUIRES_THAT(storage.size() >= bookkeeping(span).value());
    Lock_guard const guard(lock_);
    span_ = span;
    pages_ = static_cast<std::uint32_t>(span.size.value() / page_size.value());
    states_ = storage.first(pages_);
    links_ = storage.subspan(pages_, std::size_t{pages_} * 8);
    arch::fill(states_, absent);
    heads_.fill(none);
    free_ = 0;
}

std::uint32_t Node_frames::link(std::uint32_t page, unsigned which) const
{
    return arch::load32(links_, std::size_t{page} * 8 + which * 4);
}

void Node_frames::set_link(std::uint32_t page, unsigned which, std::uint32_t value)
{
    arch::store32(links_, std::size_t{page} * 8 + which * 4, value);
}

void Node_frames::insert_locked(std::uint32_t page, unsigned order)
{
    auto const head = heads_[order];
    set_link(page, 0, head);
    set_link(page, 1, none);
    if (head != none)
        set_link(head, 1, page);
    heads_[order] = page;
    states_[page] = static_cast<std::uint8_t>(order);
}

void Node_frames::remove_locked(std::uint32_t page, unsigned order)
{
    auto const next = link(page, 0);
    auto const previous = link(page, 1);
    if (previous == none)
        heads_[order] = next;
    else
        set_link(previous, 0, next);
    if (next != none)
        set_link(next, 1, previous);
    states_[page] = inner;
}

bool Node_frames::is_free_block(std::uint32_t page, unsigned order) const
{
    return page < pages_ && std::uint64_t{page} + bit(order) <= pages_ && states_[page] == order;
}

void Node_frames::free_locked(std::uint32_t page, unsigned order)
{
    free_ += bit(order);
    // Blocks are aligned in the machine, not in the node: the span starts at a multiple of the largest block.
    while (order + 1 < page_orders)
    {
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
    OVM_REQUIRES_THAT(span_.contains(range.begin, range.size));
    Lock_guard const guard(lock_);
    auto page = static_cast<std::uint32_t>((range.begin - span_.begin).value() / page_size.value());
    auto const end = page + static_cast<std::uint32_t>(range.size.value() / page_size.value());
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

Result<Host_physical> Node_frames::allocate(Page_order wanted)
{
    OVM_REQUIRES_THAT(wanted.value() < page_orders);
    Lock_guard const guard(lock_);
    unsigned order = wanted.value();
    while (order < page_orders && heads_[order] == none)
        ++order;
    if (order == page_orders)
        return Error::no_memory;
    auto const page = heads_[order];
    remove_locked(page, order);
    while (order > wanted.value())
    {
        --order;
        insert_locked(page + static_cast<std::uint32_t>(bit(order)), order);
    }
    states_[page] = static_cast<std::uint8_t>(given | wanted.value());
    free_ -= bit(wanted.value());
    return span_.begin + Bytes(std::uint64_t{page} * page_size.value());
}

std::uint32_t Node_frames::given_locked(Host_physical frame, Page_order order) const
{
    OVM_REQUIRES_THAT(span_.contains(frame) && frame.is_aligned(page_size) && order.value() < page_orders);
    auto const page = static_cast<std::uint32_t>((frame - span_.begin).value() / page_size.value());
    OVM_REQUIRES_THAT(states_[page] == (given | order.value()));
    return page;
}

void Node_frames::release(Host_physical frame, Page_order order)
{
    Lock_guard const guard(lock_);
    free_locked(given_locked(frame, order), order.value());
}

void Node_frames::split(Host_physical frame, Page_order from, Page_order to)
{
    OVM_REQUIRES_THAT(to < from);
    Lock_guard const guard(lock_);
    auto const page = given_locked(frame, from);
    for (std::uint64_t i = 0; i < bit(from.value()); i += bit(to.value()))
        states_[page + i] = static_cast<std::uint8_t>(given | to.value());
}

bool Node_frames::owns(Host_physical frame) const
{
    if (!span_.contains(frame))
        return false;
    Lock_guard const guard(lock_);
    return states_[(frame - span_.begin).value() / page_size.value()] != absent;
}

Pages Node_frames::free() const
{
    Lock_guard const guard(lock_);
    return Pages(free_);
}

Result<> First_touch_frames::open_node(Node_id node, std::span<const Range<Host_physical>> ranges)
{
    OVM_REQUIRES_THAT(node.value() < nodes_.size() && !ranges.empty());
    auto const begin = ranges.front().begin.align_down(huge_page_size);
    Range<Host_physical> const span{begin, ranges.back().end() - begin};
    auto const needed = Node_frames::bookkeeping(span);
    for (auto const& range : ranges)
    {
        if (range.size < needed)
            continue;
        auto& frames = nodes_[node.value()];
        frames.open(span, arch::physical_bytes(range.begin, needed));
        for (auto const& other : ranges)
        {
            auto const skip = other.begin == range.begin ? needed : Bytes{0};
            if (other.size > skip)
                frames.add({other.begin + skip, other.size - skip});
        }
        if (count_ <= node.value())
            count_ = node.value() + 1;
        return {};
    }
    return Error::no_memory;
}

Result<Host_physical> First_touch_frames::allocate(Page_order order, Node_id near)
{
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        auto const node = (near.value() + i) % count_;
        if (auto frame = nodes_[node].allocate(order))
            return frame;
    }
    return Error::no_memory;
}

Node_frames& First_touch_frames::node_of(Host_physical frame)
{
    for (auto& node : std::span(nodes_).first(count_))
    {
        if (node.owns(frame))
            return node;
    }
    OVM_UNREACHABLE("a frame of no node");
}

void First_touch_frames::release(Host_physical frame, Page_order order)
{
    node_of(frame).release(frame, order);
}

void First_touch_frames::split(Host_physical frame, Page_order from, Page_order to)
{
    node_of(frame).split(frame, from, to);
}

Pages First_touch_frames::free() const
{
    Pages total{0};
    for (auto const& node : std::span(nodes_).first(count_))
        total += node.free();
    return total;
}

} // namespace ovm::memory
