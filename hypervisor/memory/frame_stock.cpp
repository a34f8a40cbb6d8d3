#include "memory/frame_stock.hpp"

#include <algorithm>

#include "arch/raw_bytes.hpp"

namespace ovm::memory
{

Result<Host_physical> Core_stock::take()
{
    auto count = count_.load(std::memory_order_relaxed);
    if (count == 0)
        count = frames_.allocate_pages(std::span(pages_).first(portion));
    if (count == 0)
        return Error::no_memory;
    count_.store(count - 1, std::memory_order_relaxed);
    return pages_[count - 1];
}

Result<> Core_stock::give(Host_physical page)
{
    auto count = count_.load(std::memory_order_relaxed);
    OVM_REQUIRES_THAT(!std::ranges::contains(std::span(pages_).first(count), page));
    if (count == most)
    {
        count -= portion;
        count_.store(count, std::memory_order_relaxed);
        frames_.release_pages(std::span(pages_).subspan(count, portion));
    }
    pages_[count] = page;
    count_.store(count + 1, std::memory_order_relaxed);
    return {};
}

Pages Core_stock::pages(Node_id node) const
{
    return node == node_ ? Pages(count_.load(std::memory_order_relaxed)) : Pages{0};
}

void Core_stock::merge_into(State&)
{
    give_all();
}

void Core_stock::split_from(State&, std::uint32_t) {}

void Core_stock::give_all()
{
    auto const count = count_.load(std::memory_order_relaxed);
    count_.store(0, std::memory_order_relaxed);
    frames_.release_pages(std::span(pages_).first(count));
}

Frame_stocks::Frame_stocks(std::span<Node_frames> nodes) : nodes_(nodes)
{
    OVM_REQUIRES_THAT(nodes.size() <= storages_.size());
    for (std::size_t node = 0; node < nodes.size(); ++node)
        storages_[node].frames = &nodes[node];
}

Pages Frame_stocks::pages(Node_id node)
{
    return root_.reduce(Pages{0}, [node](Pages total, const Frame_stock& each) { return total + each.pages(node); });
}

Result<object::Owned<object::Representative<Frame_stock>>> Frame_stocks::make(object::Kind kind, Node_id node)
{
    if (kind != object::Kind::partitioned)
        return Error::unsupported;
    return object::Owned<object::Representative<Frame_stock>>(
        OVM_TRY(object::make<Core_stock>(storages_[node.value()], nodes_[node.value()], node)));
}

Result<object::Storage::Block> Frame_stocks::Page_storage::allocate(std::size_t size)
{
    if (size > page_size.value())
        return Error::no_memory;
    auto const page = OVM_TRY(frames->allocate(small_order));
    auto const bytes = arch::physical_bytes(page, page_size);
    arch::fill(bytes, 0);
    return Block{page, bytes.data()};
}

void Frame_stocks::Page_storage::release(Block block, std::size_t)
{
    frames->release(block.at, small_order);
}

} // namespace ovm::memory
