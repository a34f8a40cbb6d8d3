#pragma once

#include <bit>
#include <cstddef>

#include "arch/raw_bytes.hpp"
#include "memory/frames.hpp"
#include "object/heap/owned.hpp"

namespace ovm::memory
{

/// Whole pages of one node, for objects that must be near its cores and share no page with others'.
/// Concurrency: the frames'. Failure: theirs.
class Node_storage final : public object::Storage
{
public:
    Node_storage(Frame_allocator& frames, Node_id node) : frames_(frames), node_(node) {}

    Result<Block> allocate(std::size_t size) override
    {
        auto const at = OVM_TRY(frames_.allocate(order_of(size), node_));
        auto const bytes = arch::physical_bytes(at, size_of(order_of(size)));
        arch::fill(bytes, 0);
        return Block{at, bytes.data()};
    }
    void release(Block block, std::size_t size) override { frames_.release(block.at, order_of(size)); }

private:
    static Page_order order_of(std::size_t size)
    {
        return Page_order(static_cast<std::uint8_t>(std::bit_width((size - 1) / page_size.value())));
    }

    Frame_allocator& frames_;
    Node_id node_;
};

} // namespace ovm::memory
