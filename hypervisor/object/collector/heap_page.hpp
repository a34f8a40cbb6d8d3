#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

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
    Free_slots(std::uint64_t free, std::span<std::uint8_t> memory, std::size_t size)
        : free_(free), memory_(memory), size_(size)
    {
    }

    bool empty() const { return free_ == 0; }
    std::uint64_t mask() const { return free_; }
    std::uint64_t count() const { return static_cast<std::uint64_t>(std::popcount(free_)); }

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
};

/// One page of equal slots, or the pages of one large object; this header stands at its start, so that an object's
/// owner is found from its address.
/// Invariant:   a slot whose bit in `free_` is not set holds an object, but for those that Free_slots has.
/// Concurrency: its owner core; others read what never changes: owner().
class Heap_page
{
public:
    static constexpr std::size_t groups = 2; ///< of 64 slots

    /// A page whose slots are all free. A large class's has one slot.
    static Heap_page& make(Host_physical at, Pages pages, Core_id owner, std::size_t size_class)
    {
        arch::unpoison(arch::physical_bytes(at, to_bytes(pages)));
        auto& page = make_page<Heap_page>(at, pages, owner, size_class);
        if constexpr (arch::poisons)
            arch::poison(page.memory_);
        return page;
    }
    /// The page becomes plain memory again. Requires: nobody refers to an object in it.
    static void unmake(Heap_page& page) { arch::unpoison(page.memory_); }

    static Heap_page& of(const Object_header& header) { return page_of<Heap_page>(header); }

    Heap_page(Host_physical at, Pages pages, std::span<std::uint8_t> memory, Core_id owner, std::size_t size_class)
        : memory_(memory), at_(at), owner_(static_cast<std::uint16_t>(owner.value())),
          pages_(static_cast<std::uint16_t>(pages.value())), size_class_(static_cast<std::uint8_t>(size_class)),
          slots_(static_cast<std::uint8_t>(size_class == large_class ? 1 : memory.size() / slot_sizes[size_class])),
          slot_size_(static_cast<std::uint32_t>(size_class == large_class ? memory.size() : slot_sizes[size_class])),
          free_{all_in(0), all_in(1)}
    {
    }
    Heap_page(const Heap_page&) = delete;
    Heap_page& operator=(const Heap_page&) = delete;

    Core_id owner() const { return Core_id(owner_); }
    Host_physical at() const { return at_; }
    Pages pages() const { return Pages(pages_); }
    std::size_t size_class() const { return size_class_; }
    std::size_t slot_size() const { return slot_size_; }

    /// Takes the free slots of a group out of the page; put() brings back those that were not used.
    Free_slots take_free(std::size_t group)
    {
        auto const free = free_[group];
        free_[group] = 0;
        return {free, free == 0 ? std::span<std::uint8_t>{} : memory_.subspan(group * 64 * slot_size_), slot_size_};
    }
    void put(std::size_t group, Free_slots slots) { free_[group] |= slots.mask(); }

    bool has_free() const { return (free_[0] | free_[1]) != 0; }
    bool is_empty() const { return free_[0] == all_in(0) && free_[1] == all_in(1); }
    /// The slots of a group that hold objects, a bit each.
    std::uint64_t occupied(std::size_t group) const { return all_in(group) & ~free_[group]; }

    Object_header& object(std::size_t slot) { return object_in(slot_at(memory_, slot, slot_size_)); }
    void prefetch_header() const { prefetch(this); }
    void prefetch_object(std::size_t slot) const { prefetch(slot_at(memory_, slot, slot_size_).data()); }
    /// The slot's object is gone.
    void free(std::size_t slot)
    {
        free_[slot / 64] |= std::uint64_t{1} << (slot % 64);
        if constexpr (arch::poisons)
            arch::poison(bytes(slot));
    }

    /// Has collection `cycle` been through it? Each goes through every page, so that the last bits tell.
    bool is_swept(std::uint64_t cycle) const { return swept_cycle_ == static_cast<std::uint32_t>(cycle); }
    void set_swept(std::uint64_t cycle) { swept_cycle_ = static_cast<std::uint32_t>(cycle); }

    Heap_page* next = nullptr; ///< in the list of its heap that it is in

private:
    std::uint64_t all_in(std::size_t group) const
    {
        auto const before = group * 64;
        auto const count = slots_ > before ? slots_ - before : 0;
        return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    }
    std::span<std::uint8_t> bytes(std::size_t slot) const { return memory_.subspan(slot * slot_size_, slot_size_); }

    std::span<std::uint8_t> memory_; ///< of the slots
    Host_physical at_;
    std::uint16_t owner_;
    std::uint16_t pages_;
    std::uint8_t size_class_;
    std::uint8_t slots_;
    std::uint32_t slot_size_;
    std::uint32_t swept_cycle_ = 0;
    std::array<std::uint64_t, groups> free_;
};

static_assert(sizeof(Heap_page) == page_header_size);

} // namespace ovm::object
