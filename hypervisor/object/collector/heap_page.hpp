#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "arch/poison.hpp"
#include "base/contract.hpp"
#include "object/collector/raw_page.hpp"
#include "object/collector/size_classes.hpp"

namespace ovm::object
{

/// Up to 64 free slots in a row of one page, to be handed out.
class Free_slots
{
public:
    Free_slots() = default;
    Free_slots(std::uint64_t free, std::span<std::uint8_t> memory, std::size_t size, const Quota* quota)
        : free_(free), memory_(memory), size_(size), quota_(quota)
    {
    }

    bool empty() const { return free_ == 0; }
    std::uint64_t mask() const { return free_; }
    std::uint64_t count() const { return static_cast<std::uint64_t>(std::popcount(free_)); }
    /// The page's: an object of another quota is noted there as one apart.
    const Quota* quota() const { return quota_; }

    /// Memory for an object's header and the object behind it. Requires: not empty.
    std::span<std::uint8_t> take()
    {
        auto const slot = slot_at(memory_, static_cast<std::size_t>(__builtin_ctzll(free_)), size_);
        free_ &= free_ - 1;
        if constexpr (arch::poisons)
        {
            arch::unpoison(slot);
            OVM_INVARIANT(arch::is_poison(slot)); // else somebody wrote to an object that was freed
        }
        return slot;
    }

private:
    std::uint64_t free_ = 0;
    std::span<std::uint8_t> memory_{};
    std::size_t size_ = 0;
    const Quota* quota_ = nullptr;
};

/// One page of equal slots, or the pages of one large object; this header stands at its start, so that an object's
/// owner is found from its address. What a collection finds out about an object is a bit here, so that a mark of an
/// object's references touches pages' headers only, and a sweep no dead object but those apart: objects with a
/// finaliser, and of another quota than the page's.
///
/// An object that is not marked is white; one that is marked is grey until its references were looked at. What another
/// core finds, it notes in bits of its own, and posts the page to its owner, once until the owner collects it: who
/// posts the page owns `next_posted`.
/// Invariant:   a slot whose bit in `free_` is not set holds an object, but for those that Free_slots has. In a page
///              that is swept nothing is marked or noted as found. What is grey is marked. A free slot is never apart.
/// Concurrency: its owner core. While a mark runs, others note_found() and post(), and ask owner() and is_marked().
class alignas(64) Heap_page
{
public:
    static constexpr std::size_t groups = 2; ///< of 64 slots

    /// A page whose slots are all free. A large class's has one slot.
    static Heap_page& make(Host_physical at, Pages pages, Core_id owner, std::size_t size_class)
    {
        arch::unpoison(arch::physical_bytes(at, to_bytes(pages)));
        auto& page = make_page<Heap_page>(at, pages, owner, size_class);
        if constexpr (arch::poisons)
            arch::poison(slots_of(page));
        return page;
    }
    /// The page becomes plain memory again. Requires: nobody refers to an object in it.
    static void unmake(Heap_page& page) { arch::unpoison(slots_of(page)); }

    static Heap_page& of(const Object_header& header) { return page_of<Heap_page>(header); }

    Heap_page(Pages pages, Core_id owner, std::size_t size_class)
        : owner_(static_cast<std::uint16_t>(owner.value())), pages_(static_cast<std::uint16_t>(pages.value())),
          slots_a_byte_(static_cast<std::uint16_t>(
              size_class == large_class ? 0 : (1U << fraction_bits) / slot_sizes[size_class] + 1)),
          size_class_(static_cast<std::uint8_t>(size_class)),
          slots_(static_cast<std::uint8_t>(size_class == large_class ? 1 : page_payload / slot_sizes[size_class])),
          slot_size_(size_class == large_class ? std::uint16_t{page_payload} : slot_sizes[size_class])
    {
        free_ = {all_in(0), all_in(1)};
    }
    Heap_page(const Heap_page&) = delete;
    Heap_page& operator=(const Heap_page&) = delete;

    Core_id owner() const { return Core_id(owner_); }
    Host_physical at() const { return arch::physical_address(this); }
    Pages pages() const { return Pages(pages_); }
    std::size_t size_class() const { return size_class_; }
    /// Bytes that each of its objects is charged.
    std::size_t charge() const { return size_class_ == large_class ? to_bytes(pages()).value() : slot_size(); }

    /// Whose objects need no note to be credited. A page that is empty may get another one.
    Quota* quota() const { return quota_; }
    void set_quota(Quota& quota)
    {
        OVM_REQUIRES_THAT(is_empty());
        quota_ = &quota;
    }

    /// Takes the free slots of a group out of the page; put() brings back those that were not used. With
    /// `marked`, what is born in them is.
    Free_slots take_free(std::size_t group, bool marked)
    {
        auto const free = std::exchange(free_[group], 0);
        if (marked)
            add_marks(group, free);
        return {free, free == 0 ? std::span<std::uint8_t>{} : slots_of(*this).subspan(group * 64 * slot_size()),
                slot_size(), quota_};
    }
    void put(std::size_t group, const Free_slots& slots) { free_[group] |= slots.mask(); }

    bool has_free() const { return (free_[0] | free_[1]) != 0; }
    bool is_empty() const { return free_[0] == all_in(0) && free_[1] == all_in(1); }

    std::size_t slot_of(const Object_header& header) const
    {
        // A division, as the offset is a multiple of the slot's size and the product's error less than one slot.
        return (offset_in_page(header) - page_header_size) * slots_a_byte_ >> fraction_bits;
    }
    Object_header& object(std::size_t slot) { return object_in(slot_at(slots_of(*this), slot, slot_size_)); }
    void prefetch_bits() const { prefetch(this); }
    void prefetch_header() const
    {
        prefetch(this);
        prefetch(&free_);
    }

    /// Whether the mark of `cycle` has reached the object in this slot; in a page that is made while it runs all are
    /// born marked.
    bool is_marked(std::size_t slot, std::uint64_t cycle) const
    {
        return is_swept(cycle) || (marked_[group_of(slot)].load(std::memory_order_seq_cst) >> (slot % 64) & 1) != 0;
    }
    /// A white object turns grey: the next sweep leaves it.
    void shade(std::size_t slot)
    {
        add_marks(group_of(slot), std::uint64_t{1} << (slot % 64));
        set(grey_, slot);
    }
    bool has_grey() const { return (grey_[0] | grey_[1]) != 0; }
    /// A grey object, which is black from now on. Requires has_grey().
    Object_header& take_grey()
    {
        auto const group = grey_[0] != 0 ? std::size_t{0} : std::size_t{1};
        auto const slot = group * 64 + static_cast<std::size_t>(std::countr_zero(grey_[group]));
        grey_[group] &= grey_[group] - 1;
        return object(slot);
    }
    /// As if the mark had not reached it.
    void unmark(std::size_t slot)
    {
        auto& word = marked_[group_of(slot)];
        word.store(word.load(std::memory_order_relaxed) & ~(std::uint64_t{1} << (slot % 64)),
                   std::memory_order_relaxed);
    }

    /// Another core has found a reference to the object in this slot. False when one had before.
    bool note_found(std::size_t slot)
    {
        auto& word = found_[group_of(slot)];
        auto const bit = std::uint64_t{1} << (slot % 64);
        return (word.load(std::memory_order_acquire) & bit) == 0 &&
               (word.fetch_or(bit, std::memory_order_acq_rel) & bit) == 0;
    }
    /// After note_found(). False when the page is on its way, and its owner will see the note.
    bool post() { return !posted_.exchange(true, std::memory_order_acq_rel); }
    /// What others have found turns grey if it is white. Others may post the page again before this returns.
    void collect_found()
    {
        posted_.exchange(false, std::memory_order_acq_rel); // first: who notes something later posts it again
        for (std::size_t group = 0; group < groups; ++group)
        {
            auto const white = found_[group].load(std::memory_order_acquire) & ~marks(group);
            add_marks(group, white);
            grey_[group] |= white;
        }
    }

    /// The sweep that frees this object has to look at it.
    void note_apart(const Object_header& header) { set(apart_, slot_of(header)); }

    /// A slot with garbage to look at, before free_garbage().
    std::optional<std::size_t> garbage_apart() const
    {
        for (std::size_t group = 0; group < groups; ++group)
        {
            if (auto const found = garbage(group) & apart_[group]; found != 0)
                return group * 64 + static_cast<std::size_t>(std::countr_zero(found));
        }
        return {};
    }
    /// That slot's object is gone.
    void free(std::size_t slot)
    {
        clear(apart_, slot);
        set(free_, slot);
        if constexpr (arch::poisons)
            arch::poison(bytes(slot));
    }
    /// All that is neither marked nor free is gone, and the marks with it. How many objects that were. Requires that
    /// there is no garbage_apart().
    std::uint64_t free_garbage()
    {
        std::uint64_t count = 0;
        for (std::size_t group = 0; group < groups; ++group)
        {
            auto const found = garbage(group);
            OVM_REQUIRES_THAT((found & apart_[group]) == 0);
            count += static_cast<std::uint64_t>(std::popcount(found));
            free_[group] |= found;
            marked_[group].store(0, std::memory_order_relaxed);
            found_[group].store(0, std::memory_order_relaxed);
            if constexpr (arch::poisons)
            {
                for (auto left = found; left != 0; left &= left - 1)
                    arch::poison(bytes(group * 64 + static_cast<std::size_t>(std::countr_zero(left))));
            }
        }
        return count;
    }

    /// Has collection `cycle` been through it? Each goes through every page, so that the last bits tell.
    bool is_swept(std::uint64_t cycle) const { return swept_cycle_ == static_cast<std::uint32_t>(cycle); }
    void set_swept(std::uint64_t cycle) { swept_cycle_ = static_cast<std::uint32_t>(cycle); }

private:
    using Bits = std::array<std::uint64_t, groups>; ///< one for each slot

    static constexpr unsigned fraction_bits = 16;

    static std::size_t group_of(std::size_t slot) { return slot / 64 % groups; }

    static void set(Bits& bits, std::size_t slot) { bits[group_of(slot)] |= std::uint64_t{1} << (slot % 64); }
    static void clear(Bits& bits, std::size_t slot) { bits[group_of(slot)] &= ~(std::uint64_t{1} << (slot % 64)); }

    std::uint64_t marks(std::size_t group) const { return marked_[group].load(std::memory_order_relaxed); }
    void add_marks(std::size_t group, std::uint64_t more)
    {
        marked_[group].store(marks(group) | more, std::memory_order_release);
    }
    std::uint64_t all_in(std::size_t group) const
    {
        auto const before = group * 64;
        auto const count = slots_ > before ? slots_ - before : 0;
        return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    }
    std::uint64_t garbage(std::size_t group) const { return all_in(group) & ~free_[group] & ~marks(group); }
    std::span<std::uint8_t> bytes(std::size_t slot) const
    {
        return slots_of(*this).subspan(slot * slot_size(), slot_size());
    }
    std::size_t slot_size() const { return size_class_ == large_class ? slots_of(*this).size() : slot_size_; }

    // Most of a mark touches this cache line only.
    std::uint16_t owner_;
    std::uint16_t pages_;
    std::uint16_t slots_a_byte_; ///< a fraction; of a large object none, as it is in slot 0
    std::uint8_t size_class_;
    std::uint8_t slots_;
    std::uint32_t swept_cycle_ = 0;
    std::uint16_t slot_size_; ///< of a large object what is in its first page
    std::atomic<bool> posted_{false};
    std::array<std::atomic<std::uint64_t>, groups> marked_{}; ///< written by the owner alone
    Bits grey_{};

public:
    Heap_page* next_grey = nullptr; ///< of those with grey objects
private:
    Quota* quota_ = nullptr;
    Bits free_{};
    Bits apart_{};
    std::array<std::atomic<std::uint64_t>, groups> found_{};

public:
    Heap_page* next = nullptr;        ///< in the list of its heap that it is in
    Heap_page* next_posted = nullptr; ///< on the way to its owner
};

static_assert(sizeof(Heap_page) == page_header_size);

} // namespace ovm::object
