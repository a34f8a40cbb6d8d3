#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "arch/lock.hpp"
#include "base/bits.hpp"
#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/strong.hpp"
#include "memory/frame_policy.hpp"
#include "memory/page_numbers.hpp"

namespace ovm::memory
{

/// The frames of one node: buddy blocks of 4 KiB to 1 GiB.
/// Invariant:   every page is in exactly one block, free or given out; two free buddies are always one block.
/// Concurrency: lock_ for the length of one allocation, at most page_orders steps, and Block_choice::look looks once
///              or for each size that is smaller than all colours; owns()
///              without it, once all was added.
/// Lifetime:    as long as the hypervisor; its bookkeeping is 5 bytes a page, taken from the node itself, and none for
///              the node's holes (page_numbers.hpp).
class Node_frames
{
public:
    static constexpr std::size_t most_ranges = 64;

    Node_frames() = default;
    Node_frames(const Node_frames&) = delete;
    Node_frames& operator=(const Node_frames&) = delete;

    /// How much bookkeeping a node of those pages needs.
    static Bytes bookkeeping(const Page_numbers& numbers);

    /// Opens a node for pages that have a number; all of them absent until add(). `storage` is bookkeeping(numbers)
    /// long.
    void open(const Page_numbers& numbers, std::span<std::uint8_t> storage);
    /// Puts whole pages into the pool. Requires: inside of a range that was numbered, absent so far; at most
    /// `most_ranges` times.
    void add(Range<Host_physical> range);

    /// Nodes may interleave: within its span a node has only the pages that were added.
    bool owns(Host_physical frame) const;
    Result<Host_physical> allocate(Page_order order, const Block_choice& choice = {});
    void release(Host_physical frame, Page_order order);
    /// Single pages under one lock, as many as there are and fit: how many.
    std::uint32_t allocate_pages(std::span<Host_physical> pages);
    void release_pages(std::span<const Host_physical> pages);
    void split(Host_physical frame, Page_order from, Page_order to);
    Pages free() const;
    /// Free pages that lie in blocks of that order or a higher one.
    Pages free_in_blocks(Page_order order) const;

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    /// A free block out of which one of the wanted order is made.
    struct Found
    {
        std::uint32_t page = none;
        unsigned order = page_orders;
    };

    Result<Host_physical> allocate_locked(Page_order order, const Block_choice& choice) OVM_REQUIRES(lock_);

    /// Of the blocks of one order that are free, which begin at those pages.
    struct Links
    {
        std::uint32_t next = none;
        std::uint32_t previous = none;
    };
    /// Of two buddies at most one begins a free block.
    static constexpr std::uint64_t links_of(std::uint64_t pages) { return (pages + 1) / 2; }
    Links& links(std::uint32_t page) const OVM_REQUIRES(lock_) { return links_[page / 2]; }

    using Heads = std::array<std::uint32_t, page_orders>;
    /// For proofs: heads and links lead to pages of the node, or nowhere.
    bool is_sound() const OVM_REQUIRES(lock_)
    {
        return states_.size() == pages_ && links_.size() == links_of(pages_) && lead_inside(heads_, pages_);
    }
    /// Proofs alone look at every link: a test that did for every block would see little else.
    bool are_linked() const OVM_REQUIRES(lock_)
    {
#if defined(OVM_VERIFY)
        return lead_inside(links_, pages_);
#else
        return true;
#endif
    }
    static bool lead_inside(const Heads& heads, std::uint32_t pages)
    {
        return OVM_FOR_ALL(order, page_orders, heads[order] < pages || heads[order] == none);
    }
    static bool lead_inside(std::span<const Links> links, std::uint32_t pages)
    {
        auto const inside = [pages](std::uint32_t page) { return page < pages || page == none; };
        return OVM_FOR_ALL(at, links.size(), inside(links[at].next) && inside(links[at].previous));
    }

    OVM_VERIFIED void insert_locked(std::uint32_t page, unsigned order) OVM_REQUIRES(lock_);
    OVM_CONTRACT void contract_of_insert_locked(std::uint32_t page, unsigned order)
    {
        OVM_REQUIRES_THAT(is_sound() && page < pages_ && order < page_orders);
        OVM_REQUIRES_THAT(are_linked());
        auto const pages = OVM_OLD(pages_);
        OVM_RESULT(insert_locked(page, order));
        OVM_ENSURES(is_sound() && pages_ == pages);
        OVM_ENSURES(are_linked());
    }
    OVM_VERIFIED void remove_locked(std::uint32_t page, unsigned order) OVM_REQUIRES(lock_);
    OVM_CONTRACT void contract_of_remove_locked(std::uint32_t page, unsigned order)
    {
        OVM_REQUIRES_THAT(is_sound() && page < pages_ && order < page_orders);
        OVM_REQUIRES_THAT(are_linked());
        auto const pages = OVM_OLD(pages_);
        OVM_RESULT(remove_locked(page, order));
        OVM_ENSURES(is_sound() && pages_ == pages);
        OVM_ENSURES(are_linked());
    }
    OVM_VERIFIED void free_locked(std::uint32_t page, unsigned order) OVM_REQUIRES(lock_);
    OVM_CONTRACT void contract_of_free_locked(std::uint32_t page, unsigned order)
    {
        OVM_REQUIRES_THAT(is_sound() && page < pages_ && order < page_orders);
        OVM_REQUIRES_THAT(are_linked());
        auto const pages = OVM_OLD(pages_);
        OVM_RESULT(free_locked(page, order));
        OVM_ENSURES(is_sound() && pages_ == pages);
        OVM_ENSURES(are_linked());
    }
    /// Takes it out of its list, and puts back what of it is not wanted; the page that stays.
    OVM_VERIFIED std::uint32_t break_locked(Found found, Page_order wanted, const Block_choice& choice)
        OVM_REQUIRES(lock_);
    OVM_CONTRACT std::uint32_t contract_of_break_locked(Found found, Page_order wanted, const Block_choice& choice)
    {
        OVM_REQUIRES_THAT(are_linked());
        OVM_REQUIRES_THAT(is_sound() && found.order < page_orders && is_inside(found.page, found.order));
        OVM_REQUIRES_THAT(wanted.value() <= found.order);
        auto const pages = OVM_OLD(pages_);
        auto const page = OVM_RESULT(break_locked(found, wanted, choice));
        OVM_ENSURES(is_sound() && pages_ == pages);
        OVM_ENSURES(are_linked());
        OVM_ENSURES(page >= found.page && page - found.page <= bit(found.order) - bit(wanted.value()));
        return page;
    }
    bool is_inside(std::uint32_t page, unsigned order) const { return page < pages_ && pages_ - page >= bit(order); }
    OVM_VERIFIED Found find_locked(Page_order wanted, const Block_choice& choice) const OVM_REQUIRES(lock_);
    OVM_CONTRACT Found contract_of_find_locked(Page_order wanted, const Block_choice& choice) const
    {
        OVM_REQUIRES_THAT(are_linked());
        OVM_REQUIRES_THAT(is_sound() && wanted.value() < page_orders && choice.is_possible(wanted));
        OVM_MODIFIES();
        auto const found = OVM_RESULT(find_locked(wanted, choice));
        OVM_ENSURES(found.page == none || is_block_for(found, wanted, choice));
        OVM_ENSURES(are_empty(heads_, wanted, found.page == none ? highest(wanted, choice) + 1 : found.order));
        OVM_ENSURES(found.page == none || is_chosen(found.page, found.order, choice));
        return found;
    }
    OVM_VERIFIED Found find_coloured_locked(Page_order wanted, const Block_choice& choice) const OVM_REQUIRES(lock_);
    OVM_CONTRACT Found contract_of_find_coloured_locked(Page_order wanted, const Block_choice& choice) const
    {
        OVM_REQUIRES_THAT(are_linked());
        OVM_REQUIRES_THAT(is_sound() && wanted.value() < page_orders && choice.is_possible(wanted));
        OVM_MODIFIES();
        auto const found = OVM_RESULT(find_coloured_locked(wanted, choice));
        OVM_ENSURES(found.page == none || is_block_for(found, wanted, choice));
        OVM_ENSURES(found.page == none || has_colour(found.page, found.order, choice));
        OVM_ENSURES(
            no_head_would_do(heads_, wanted, found.page == none ? highest(wanted, choice) + 1 : found.order, choice));
        return found;
    }
    bool is_block_for(const Found& found, Page_order wanted, const Block_choice& choice) const
    {
        return found.page < pages_ && found.order >= wanted.value() && found.order <= highest(wanted, choice);
    }
    /// The highest order of a block that may serve a request.
    static unsigned highest(Page_order wanted, const Block_choice& choice)
    {
        return std::max(wanted, choice.largest).value();
    }
    /// Whether there is no free block from one order on, and below another.
    static bool are_empty(const Heads& heads, Page_order from, unsigned end)
    {
        return OVM_FOR_ALL(order, end, order < from.value() || heads[order] == none);
    }
    /// Whether none of them that is first in its list has the colour.
    static bool no_head_would_do(const Heads& heads, Page_order from, unsigned end, const Block_choice& choice)
    {
        return OVM_FOR_ALL(order, end,
                           order < from.value() || heads[order] == none ||
                               !has_colour(heads[order], static_cast<unsigned>(order), choice));
    }
    /// As far as a block of that order has one.
    static bool has_colour(std::uint32_t page, unsigned order, const Block_choice& choice)
    {
        return ((page ^ choice.colour) & ((1u << choice.colours) - 1)) >> order == 0;
    }
    /// Whether it lies where it is asked for, seen from the first of its list.
    bool is_chosen(std::uint32_t page, unsigned order, const Block_choice& choice) const OVM_REQUIRES(lock_)
    {
        if (choice.end == Block_choice::End::any)
            return page == heads_[order];
        return choice.end == Block_choice::End::high ? page >= heads_[order] : page <= heads_[order];
    }
    OVM_VERIFIED std::uint32_t choose_locked(unsigned order, const Block_choice& choice) const OVM_REQUIRES(lock_);
    OVM_CONTRACT std::uint32_t contract_of_choose_locked(unsigned order, const Block_choice& choice) const
    {
        OVM_REQUIRES_THAT(are_linked());
        OVM_REQUIRES_THAT(is_sound() && order < page_orders && heads_[order] != none);
        OVM_MODIFIES();
        auto const page = OVM_RESULT(choose_locked(order, choice));
        OVM_ENSURES(page < pages_);
        OVM_ENSURES(choice.end == Block_choice::End::any || is_chosen(page, order, choice));
        return page;
    }
    OVM_VERIFIED bool is_free_block(std::uint32_t page, unsigned order) const OVM_REQUIRES(lock_);
    /// The page number of a block that was given out under that order; anything else breaks the contract.
    std::uint32_t given_locked(Host_physical frame, Page_order order) const OVM_REQUIRES(lock_);

    Page_numbers numbers_{};
    Static_vector<Range<Host_physical>, most_ranges> ranges_{}; ///< what was added
    std::uint32_t pages_ = 0;
    mutable Ranked_lock<Rank::frames> lock_;
    std::span<std::uint8_t> states_ OVM_GUARDED_BY(lock_){};
    std::span<Links> links_ OVM_GUARDED_BY(lock_){};
    std::array<std::uint32_t, page_orders> heads_ OVM_GUARDED_BY(lock_){};
    std::array<std::uint32_t, page_orders> blocks_ OVM_GUARDED_BY(lock_){}; ///< how many stand in each list
    std::uint64_t free_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::memory
