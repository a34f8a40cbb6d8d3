#include "memory/frame_pool.hpp"

#include "arch/raw_bytes.hpp"

namespace ovm::memory
{

Result<> Frame_pool::open_node(Node_id node, std::span<const Range<Host_physical>> ranges)
{
    OVM_REQUIRES_THAT(node.value() < nodes_.size() && !ranges.empty());
    Page_numbers numbers;
    for (auto const& range : ranges)
        OVM_TRY(numbers.add(range));
    auto const needed = Node_frames::bookkeeping(numbers);
    for (auto const& range : ranges)
    {
        if (range.size < needed)
            continue;
        auto& frames = nodes_[node.value()];
        frames.open(numbers, arch::physical_bytes(range.begin, needed));
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

Result<> Frame_pool::open_stocks(object::Object_table& table)
{
    OVM_TRY(stocks_.open(table));
    stock_ = stocks_.reference();
    return {};
}

Result<Host_physical> Frame_pool::allocate(Node_id node, Page_order order, const Block_choice& choice)
{
    OVM_REQUIRES_THAT(node.value() < count_);
    // Who chooses among blocks wants what is at no core's hand.
    if (stock_ && order == small_order && node == arch::core_window().node && choice == Block_choice{})
    {
        if (auto page = stock_->take())
            return page;
    }
    return nodes_[node.value()].allocate(order, choice);
}

Result<Host_physical> Frame_pool::allocate(const Frame_request& request, Frame_policy& policy)
{
    for (std::uint32_t place = 0; place < Frame_policy::most_places; ++place)
    {
        auto const choice = OVM_TRY(policy.choose(request, place));
        auto frame = allocate(choice.node, request.order, choice.block);
        if (frame) [[likely]]
            return frame;
    }
    OVM_UNREACHABLE("a frame policy names more places than there may be");
}

void Frame_pool::release(Host_physical frame, Page_order order)
{
    auto const& own = nodes_[arch::core_window().node.value()];
    if (stock_ && order == small_order && own.owns(frame) && stock_->give(frame))
        return;
    node_of(frame).release(frame, order);
}

Node_frames& Frame_pool::node_of(Host_physical frame)
{
    for (auto& node : std::span(nodes_).first(count_))
    {
        if (node.owns(frame))
            return node;
    }
    OVM_UNREACHABLE("a frame of no node");
}

Pages Frame_pool::free()
{
    Pages total{0};
    for (std::uint32_t node = 0; node < count_; ++node)
        total += free(Node_id(node));
    return total;
}

Pages Frame_pool::free(Node_id node)
{
    OVM_REQUIRES_THAT(node.value() < count_);
    return nodes_[node.value()].free() + stocks_.pages(node);
}

Pages Frame_pool::free_in_blocks(Page_order order) const
{
    Pages total{0};
    for (auto const& node : open_nodes())
        total += node.free_in_blocks(order);
    return total;
}

} // namespace ovm::memory
