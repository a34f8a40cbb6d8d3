#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>

#include "base/bits.hpp"
#include "base/strong.hpp"

/// The guest's own page tables, read as its processor would (APM volume 2, chapter 5).
namespace ovm::processor
{

/// What a walk depends on.
struct Paging
{
    std::uint64_t cr0 = 0;
    std::uint64_t cr3 = 0;
    std::uint64_t cr4 = 0;
    std::uint64_t efer = 0;
    std::uint64_t rflags = 0;
};

struct Access
{
    bool write = false;
    bool execute = false;
    bool user = false; ///< from privilege level 3
};

/// The exception that the access raises: #PF, or #GP for an address that no walk can begin with.
struct Walk_fault
{
    std::uint8_t vector = 14;
    std::uint32_t error_code = 0;
};

/// Guest memory as a walk needs it.
template <typename T>
concept Walked_memory = requires(T memory, Guest_physical at) {
    /// Little endian; nothing where there is no RAM.
    { memory.load32(at) } -> std::same_as<std::optional<std::uint32_t>>;
    { memory.load64(at) } -> std::same_as<std::optional<std::uint64_t>>;
    /// Sets bits of one byte while other processors may do the same.
    memory.set_bits(at, std::uint8_t{});
};

/// One translation.
/// Walks with none, 32-bit, PAE and 4-level paging; with 5 levels, which guests are not offered, it answers #GP.
/// Accessed and dirty bits are set in the entry that maps the page (the processor has set those above it when it met
/// the instruction that the access belongs to). Protection keys are not offered to guests.
template <Walked_memory Memory>
class Page_walk
{
public:
    Page_walk(Memory& memory, const Paging& paging, Access access) : memory_(memory), paging_(paging), access_(access)
    {
    }

    std::expected<Guest_physical, Walk_fault> translate(Guest_virtual at)
    {
        if (is_long())
            return translate_long(at);
        if ((paging_.cr0 & cr0_paging) == 0)
            return Guest_physical(low_bytes(at.value(), 4));
        if ((paging_.cr4 & cr4_physical_address_extension) != 0)
            return walk_wide<30>(at.value(), paging_.cr3 & mask(5, 27));
        return walk_32(at.value());
    }

    bool is_long() const { return (paging_.efer & efer_long_mode_active) != 0; }

    /// For long mode alone, and short: every exit without a saved next rip pays it. Requires is_long().
    [[gnu::always_inline]] std::expected<Guest_physical, Walk_fault> translate_long(Guest_virtual at)
    {
        auto const sign = static_cast<std::int64_t>(at.value()) >> 47;
        if ((sign != 0 && sign != -1) || (paging_.cr4 & cr4_five_levels) != 0) [[unlikely]]
            return std::unexpected(Walk_fault{.vector = 13});
        return walk_wide<39>(at.value(), paging_.cr3 & frame_mask);
    }

private:
    using Outcome = std::expected<Guest_physical, Walk_fault>;

    static constexpr std::uint64_t cr0_paging = bit(31), cr0_write_protect = bit(16);
    static constexpr std::uint64_t cr4_page_size = bit(4), cr4_physical_address_extension = bit(5),
                                   cr4_five_levels = bit(12), cr4_smep = bit(20), cr4_smap = bit(21);
    static constexpr std::uint64_t efer_long_mode_active = bit(10), efer_no_execute = bit(11);
    static constexpr std::uint64_t rflags_alignment_check = bit(18);
    static constexpr std::uint64_t present = bit(0), writable = bit(1), user = bit(2), accessed = bit(5),
                                   dirty = bit(6), large = bit(7), no_execute = bit(63);
    static constexpr std::uint64_t frame_mask = mask(12, 40);

    /// Entries of 8 bytes; `top` is the shift of the first table's index, 39 for 4 levels and 30 for PAE, whose top
    /// entries have no rights.
    template <unsigned top>
    [[gnu::always_inline]] Outcome walk_wide(std::uint64_t at, std::uint64_t table)
    {
        return step<top, top>(at, table, writable | user, top == 39, 0);
    }

    /// One level: `all` are the rights that every entry so far gives, `any` the bits that one has.
    template <unsigned top, unsigned shift>
    [[gnu::always_inline]] Outcome step(std::uint64_t at, std::uint64_t table, std::uint64_t all, bool counts,
                                        std::uint64_t any)
    {
        constexpr std::uint64_t index_mask = (shift == 30 && top == 30 ? 3 : 511) * 8;
        Guest_physical const place(table | (at >> (shift - 3) & index_mask));
        auto const loaded = memory_.load64(place);
        if (!loaded) [[unlikely]]
            return fault(0);
        auto const entry = *loaded;
        if ((entry & present) == 0) [[unlikely]]
            return fault(0);
        if (counts)
            all &= entry;
        any |= entry;
        if constexpr (shift == 12)
            return finish(place, entry, all | (any & no_execute), at, entry & frame_mask, shift);
        else
        {
            if ((entry & large) != 0) [[unlikely]]
            {
                if constexpr (shift == top)
                    return fault(reserved_bit);
                return finish(place, entry, all | (any & no_execute), at, entry & frame_mask, shift);
            }
            return step<top, shift - 9>(at, entry & frame_mask, all, true, any);
        }
    }

    Outcome walk_32(std::uint64_t at)
    {
        Guest_physical const top((paging_.cr3 & mask(12, 20)) + field(at, 22, 10) * 4);
        auto const directory = memory_.load32(top);
        if (!directory || (*directory & present) == 0)
            return fault(0);
        std::uint64_t const first = *directory;
        if ((first & large) != 0 && (paging_.cr4 & cr4_page_size) != 0)
        {
            // Bits 39 to 32 of a 4 MiB page are in the entry's bits 20 to 13 (APM volume 2, 5.2.3).
            auto const frame = (first & mask(22, 10)) | field(first, 13, 8) << 32;
            return finish(top, first, first, at, frame, 22);
        }
        Guest_physical const place((first & mask(12, 20)) + field(at, 12, 10) * 4);
        auto const entry = memory_.load32(place);
        if (!entry || (*entry & present) == 0)
            return fault(0);
        return finish(place, *entry, (first & *entry & (writable | user)), at, *entry & mask(12, 20), 12);
    }

    /// `rights` has W, U and NX as all levels together give them.
    [[gnu::always_inline]] Outcome finish(Guest_physical place, std::uint64_t entry, std::uint64_t rights,
                                          std::uint64_t at, std::uint64_t frame, unsigned shift)
    {
        if ((rights & no_execute) != 0 && (paging_.efer & efer_no_execute) == 0) [[unlikely]]
            return fault(reserved_bit);
        if (!permitted(rights)) [[unlikely]]
            return fault(protection);
        auto const wanted = accessed | (access_.write ? dirty : 0);
        if ((entry & wanted) != wanted) [[unlikely]]
            memory_.set_bits(place, static_cast<std::uint8_t>(wanted));
        auto const inside = mask(0, shift);
        return Guest_physical((frame & ~inside) | (at & inside));
    }

    [[gnu::always_inline]] bool permitted(std::uint64_t rights) const
    {
        bool const user_page = (rights & user) != 0;
        if (access_.execute)
        {
            if ((rights & no_execute) != 0)
                return false;
            return access_.user ? user_page : !user_page || (paging_.cr4 & cr4_smep) == 0;
        }
        if (access_.user)
            return user_page && (!access_.write || (rights & writable) != 0);
        if (user_page && (paging_.cr4 & cr4_smap) != 0 && (paging_.rflags & rflags_alignment_check) == 0)
            return false;
        return !access_.write || (rights & writable) != 0 || (paging_.cr0 & cr0_write_protect) == 0;
    }

    static constexpr std::uint32_t protection = 1;
    static constexpr std::uint32_t reserved_bit = 1 | 8;

    /// Page-fault error code (APM volume 2, 8.4.2).
    [[gnu::always_inline]] std::unexpected<Walk_fault> fault(std::uint32_t why) const
    {
        auto code = why;
        if (access_.write)
            code |= 2;
        if (access_.user)
            code |= 4;
        if (access_.execute && ((paging_.efer & efer_no_execute) != 0 || (paging_.cr4 & cr4_smep) != 0))
            code |= 16;
        return std::unexpected(Walk_fault{.vector = 14, .error_code = code});
    }

    Memory& memory_;
    Paging paging_;
    Access access_;
};

} // namespace ovm::processor
