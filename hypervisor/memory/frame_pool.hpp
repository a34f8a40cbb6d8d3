#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "arch/processor.hpp"
#include "memory/frame_stock.hpp"
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

/// Stands where a policy stood: `answer` to every decision, while all else goes on. Its state is not to be had.
/// Concurrency: any core.
template <Error answer>
class Frame_stand_in final : public Frame_allocator
{
public:
    explicit Frame_stand_in(Frame_pool& pool) : pool_(pool) {}

    Result<Host_physical> allocate(Page_order, Node_id) override { return answer; }
    void release(Host_physical frame, Page_order order) override { pool_.release(frame, order); }
    void split(Host_physical frame, Page_order from, Page_order to) override { pool_.split(frame, from, to); }
    Pages free() const override { return pool_.free(); }
    Result<> export_state(Frame_state&) override { return answer; }
    Result<> import_state(Frame_state&) override { return answer; }

private:
    Frame_pool& pool_;
};

} // namespace ovm::memory
