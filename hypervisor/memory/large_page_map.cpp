#include "memory/large_page_map.hpp"

#include "base/bits.hpp"

namespace ovm::memory
{

Result<> Large_page_map::open(Frame_allocator& frames, Node_id node, Guest_physical end)
{
    auto const wanted =
        align_up(end.value(), large_page_size.value()) / large_page_size.value() * sizeof(std::uint64_t);
    Page_order order{};
    while (size_of(order).value() < wanted)
        order = Page_order(static_cast<std::uint8_t>(order.value() + 1));
    frame_ = OVM_TRY(frames.allocate(order, node));
    order_ = order;
    entries_ = arch::physical_bytes(frame_, size_of(order));
    for (std::size_t at = 0; at < entries_.size(); at += sizeof(std::uint64_t))
        arch::store64_shared(entries_, at, none);
    return {};
}

void Large_page_map::close(Frame_allocator& frames)
{
    if (entries_.empty())
        return;
    entries_ = {};
    frames.release(frame_, order_);
}

void Large_page_map::set(const arch::Nested_leaf& leaf, std::uint64_t distance)
{
    if (leaf.order < large_order.value())
        return;
    auto const first = leaf.at.value() / large_page_size.value();
    auto const count = bit(leaf.order - large_order.value());
    for (auto entry = first; entry < first + count; ++entry)
        arch::store64_shared(entries_, entry * sizeof(std::uint64_t), distance);
}

} // namespace ovm::memory
