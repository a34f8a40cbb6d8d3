#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/lock.hpp"
#include "arch/processor.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::memory
{

/// log2 of a block's size in 4 KiB pages.
using Page_order = Strong<struct Page_order_tag, std::uint8_t>;

inline constexpr Page_order small_order{0}; ///< 4 KiB
inline constexpr Page_order large_order{9}; ///< 2 MiB
inline constexpr Page_order huge_order{18}; ///< 1 GiB
inline constexpr std::size_t page_orders = 19;

constexpr Bytes size_of(Page_order order)
{
    return Bytes(page_size.value() << order.value());
}

/// Policy: which frames a request gets.
/// Concurrency: any core. Failure: Error::no_memory, nothing changed.
class Frame_allocator
{
public:
    /// A block of that order, aligned to its size, of undefined content; `near` is a wish.
    virtual Result<Host_physical> allocate(Page_order order, Node_id near) = 0;
    /// Gives back what allocate() gave. A block that was not given out, or under another order, breaks the contract.
    virtual void release(Host_physical frame, Page_order order) = 0;
    /// From now on the block of order `from` is blocks of order `to`, each given back by itself.
    virtual void split(Host_physical frame, Page_order from, Page_order to) = 0;
    virtual Pages free() const = 0;

protected:
    ~Frame_allocator() = default;
};

/// The frames of one node: buddy blocks of 4 KiB to 1 GiB.
/// Invariant:   every page is in exactly one block, free or given out; two free buddies are always one block.
/// Concurrency: lock_ for the length of one allocation, at most page_orders steps.
/// Lifetime:    as long as the hypervisor; its bookkeeping is 9 bytes a page, taken from the node itself.
class Node_frames
{
public:
    Node_frames() = default;
    Node_frames(const Node_frames&) = delete;
    Node_frames& operator=(const Node_frames&) = delete;

    /// How much bookkeeping a node of that span needs.
    static Bytes bookkeeping(Range<Host_physical> span);

    /// Opens a node for pages of `span`, which starts at a multiple of the largest block; all of them absent until
    /// add(). `storage` is bookkeeping(span) long.
    void open(Range<Host_physical> span, std::span<std::uint8_t> storage);
    /// Puts whole pages into the pool. Requires: inside the span, absent so far.
    void add(Range<Host_physical> range);

    /// Nodes may interleave: within its span a node has only the pages that were added.
    bool owns(Host_physical frame) const;
    Result<Host_physical> allocate(Page_order order);
    void release(Host_physical frame, Page_order order);
    void split(Host_physical frame, Page_order from, Page_order to);
    Pages free() const;

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    std::uint32_t link(std::uint32_t page, unsigned which) const OVM_REQUIRES(lock_);
    void set_link(std::uint32_t page, unsigned which, std::uint32_t value) OVM_REQUIRES(lock_);
    void insert_locked(std::uint32_t page, unsigned order) OVM_REQUIRES(lock_);
    void remove_locked(std::uint32_t page, unsigned order) OVM_REQUIRES(lock_);
    void free_locked(std::uint32_t page, unsigned order) OVM_REQUIRES(lock_);
    bool is_free_block(std::uint32_t page, unsigned order) const OVM_REQUIRES(lock_);
    /// The page number of a block that was given out under that order; anything else breaks the contract.
    std::uint32_t given_locked(Host_physical frame, Page_order order) const OVM_REQUIRES(lock_);

    Range<Host_physical> span_{};
    std::uint32_t pages_ = 0;
    mutable Ranked_lock<Rank::frames> lock_;
    std::span<std::uint8_t> states_ OVM_GUARDED_BY(lock_){};
    std::span<std::uint8_t> links_ OVM_GUARDED_BY(lock_){}; ///< two 32-bit page numbers a page: next, previous
    std::array<std::uint32_t, page_orders> heads_ OVM_GUARDED_BY(lock_){};
    std::uint64_t free_ OVM_GUARDED_BY(lock_) = 0;
};

/// The built-in policy: the wished node first, then the others in order.
class First_touch_frames final : public Frame_allocator
{
public:
    /// Node `node` opens with its free ranges; its bookkeeping comes out of the first that is large enough.
    /// Error::no_memory when none is.
    Result<> open_node(Node_id node, std::span<const Range<Host_physical>> ranges);

    Result<Host_physical> allocate(Page_order order, Node_id near) override;
    void release(Host_physical frame, Page_order order) override;
    void split(Host_physical frame, Page_order from, Page_order to) override;
    Pages free() const override;

private:
    Node_frames& node_of(Host_physical frame);

    std::array<Node_frames, arch::max_nodes> nodes_{};
    std::uint32_t count_ = 0;
};

} // namespace ovm::memory
