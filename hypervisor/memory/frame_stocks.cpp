#include "memory/frame_stocks.hpp"

#include <algorithm>

#include "arch/raw_bytes.hpp"

namespace ovm::memory
{

Result<Host_physical> Pages_at_hand::take()
{
    auto count = count_.load(std::memory_order_relaxed);
    if (count == 0)
        count = frames_.allocate_pages(std::span(pages_).first(portion));
    if (count == 0)
        return Error::no_memory;
    count_.store(count - 1, std::memory_order_relaxed);
    return pages_[count - 1];
}

void Pages_at_hand::give(Host_physical page)
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
}

void Pages_at_hand::give_all()
{
    auto const count = count_.load(std::memory_order_relaxed);
    count_.store(0, std::memory_order_relaxed);
    frames_.release_pages(std::span(pages_).first(count));
}

Result<> Core_stock::give(Host_physical page)
{
    pages_.give(page);
    return {};
}

Result<Host_physical> Common_stock::take()
{
    if (arch::core_window().node != node_)
        return Error::unsupported;
    Lock_guard const guard(lock_);
    return pages_.take();
}

Result<> Common_stock::give(Host_physical page)
{
    if (arch::core_window().node != node_)
        return Error::unsupported;
    Lock_guard const guard(lock_);
    pages_.give(page);
    return {};
}

Pages Common_stock::pages(Node_id node) const
{
    Lock_guard const guard(lock_);
    return node == node_ ? pages_.count() : Pages{0};
}

void Common_stock::merge_into(State&)
{
    Lock_guard const guard(lock_);
    pages_.give_all();
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
    using Made = object::Owned<object::Representative<Frame_stock>>;
    auto& storage = storages_[node.value()];
    auto& frames = nodes_[node.value()];
    switch (kind)
    {
    case object::Kind::partitioned:
        return Made(OVM_TRY(object::make<Core_stock>(storage, frames, node)));
    case object::Kind::shared:
    case object::Kind::per_node:
        return Made(OVM_TRY(object::make<Common_stock>(storage, frames, node)));
    case object::Kind::replicated:
        break;
    }
    return Error::unsupported;
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
