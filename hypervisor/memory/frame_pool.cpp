#include "memory/frame_pool.hpp"

#include "arch/raw_bytes.hpp"

namespace ovm::memory
{

Result<> Frame_pool::open_node(Node_id node, std::span<const Range<Host_physical>> ranges)
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

Result<Host_physical> Frame_pool::allocate(Node_id node, Page_order order, const Block_choice& choice)
{
    OVM_REQUIRES_THAT(node.value() < count_);
    return nodes_[node.value()].allocate(order, choice);
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

Pages Frame_pool::free() const
{
    Pages total{0};
    for (auto const& node : open_nodes())
        total += node.free();
    return total;
}

Pages Frame_pool::free(Node_id node) const
{
    OVM_REQUIRES_THAT(node.value() < count_);
    return nodes_[node.value()].free();
}

Pages Frame_pool::free_in_blocks(Page_order order) const
{
    Pages total{0};
    for (auto const& node : open_nodes())
        total += node.free_in_blocks(order);
    return total;
}

} // namespace ovm::memory
