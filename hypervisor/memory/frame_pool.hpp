#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "arch/processor.hpp"
#include "memory/frame_stocks.hpp"
#include "memory/frames.hpp"
#include "memory/node_frames.hpp"

namespace ovm::memory
{

/// All frames of the machine, node by node: what every frame policy chooses from.
/// Concurrency: nodes and stocks are opened by one core, before anybody else asks; then any core.
/// Lifetime:    as long as the machine; policies come and go above it.
class Frame_pool final
{
public:
    Frame_pool() = default;
    Frame_pool(const Frame_pool&) = delete;
    Frame_pool& operator=(const Frame_pool&) = delete;

    /// Node `node` opens with its free ranges, in ascending order; its bookkeeping comes out of the first that is large
    /// enough. Error::no_memory when none is; Error::full.
    Result<> open_node(Node_id node, std::span<const Range<Host_physical>> ranges);

    /// From now on each core has pages of its node at hand. Once all nodes are open. Error::full.
    Result<> open_stocks(object::Object_table& table);
    Frame_stocks& stocks() { return stocks_; }

    /// Nodes are 0 to nodes() - 1; one without memory has nothing to give.
    std::uint32_t nodes() const { return count_; }
    /// From that node only. Requires node < nodes(). Error::no_memory.
    Result<Host_physical> allocate(Node_id node, Page_order order, const Block_choice& choice = {});
    /// Where the policy says. Error::no_memory: nothing is left in any of those places; or what the policy answered.
    Result<Host_physical> allocate(const Frame_request& request, Frame_policy& policy);
    void release(Host_physical frame, Page_order order);
    void split(Host_physical frame, Page_order from, Page_order to) { node_of(frame).split(frame, from, to); }

    /// With what cores have at hand; a core is not given what others have.
    Pages free();
    Pages free(Node_id node);
    /// Free pages that lie in blocks of that order or a higher one: how little the memory is fragmented.
    Pages free_in_blocks(Page_order order) const;

private:
    Node_frames& node_of(Host_physical frame);
    std::span<const Node_frames> open_nodes() const { return std::span(nodes_).first(count_); }

    std::array<Node_frames, arch::max_nodes> nodes_{};
    Frame_stocks stocks_{nodes_};
    object::Ref<Frame_stock> stock_{}; ///< empty before open_stocks()
    std::uint32_t count_ = 0;
};

/// What every allocator over a pool has in common: the pool serves all that is no decision.
/// Concurrency: any core.
class Pool_allocator : public Frame_allocator
{
public:
    void release(Host_physical frame, Page_order order) final { pool_.release(frame, order); }
    void split(Host_physical frame, Page_order from, Page_order to) final { pool_.split(frame, from, to); }
    Pages free() const final { return pool_.free(); }

protected:
    explicit Pool_allocator(Frame_pool& pool) : pool_(pool) {}
    ~Pool_allocator() = default;

    Frame_pool& pool_;
};

/// Frames as one policy chooses them that nobody replaces.
/// Concurrency: as the policy. Lifetime: the policy's.
class Chosen_frames final : public Pool_allocator
{
public:
    Chosen_frames(Frame_pool& pool, Frame_policy& policy) : Pool_allocator(pool), policy_(policy) {}

    Result<Host_physical> allocate_for(Vm_id owner, Page_order order, Node_id near) override
    {
        return pool_.allocate({.order = order, .near = near, .owner = owner, .nodes = pool_.nodes()}, policy_);
    }

private:
    Frame_policy& policy_;
};

} // namespace ovm::memory
