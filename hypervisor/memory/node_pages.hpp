#pragma once

#include <bit>

#include "memory/frames.hpp"
#include "object/collector/page_source.hpp"

namespace ovm::memory
{

/// Pages for heaps of collected objects: frames near a node.
/// Concurrency: the frames'. Failure: theirs.
class Node_pages final : public object::Page_source
{
public:
    /// Frames must not depend on a policy that lives in such a heap.
    Node_pages(Frame_allocator& frames, Node_id node) : frames_(frames), node_(node) {}

    Result<Host_physical> take(Pages count) override { return frames_.allocate(order_of(count), node_); }
    void give(Host_physical at, Pages count) override { frames_.release(at, order_of(count)); }

private:
    static Page_order order_of(Pages count)
    {
        return Page_order(static_cast<std::uint8_t>(std::countr_zero(count.value())));
    }

    Frame_allocator& frames_;
    Node_id node_;
};

} // namespace ovm::memory
