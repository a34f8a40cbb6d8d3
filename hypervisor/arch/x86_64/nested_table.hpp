#pragma once

#include <cstdint>
#include <optional>

#include "arch/processor.hpp"
#include "arch/x86_64/direct_entries.hpp"
#include "base/bits.hpp"
#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

/// Where tables come from and go to. A page that take() gives is zeroed.
class Table_pages
{
public:
    virtual Result<Host_physical> take() = 0;
    virtual void give(Host_physical page) = 0;

protected:
    ~Table_pages() = default;
};

struct Nested_rights
{
    bool write = true;
    bool execute = true;
};

/// A page as the tree maps it; `order` is log2 of its 4 KiB pages: 0, 9 or 18.
struct Nested_leaf
{
    Guest_physical at{};
    Host_physical frame{};
    unsigned order = 0;
};

/// Nested page tables (AMD APM volume 2, 15.25.5: the format of 4-level long-mode tables, each entry a user page).
/// Covers guest-physical addresses below 512 GiB.
/// Invariant:   an entry is written in one store; a table is complete before an entry names it, and it stays until
///              release(), so that a concurrent walk never meets a reused page.
/// Concurrency: translate() any time; everything else under the owner's lock.
/// Failure:     Error::no_memory, Error::exists: nothing changed but tables that wait for use.
template <typename Entries>
class Basic_nested_table
{
public:
    static Result<Basic_nested_table> create(Table_pages& pages);

    Host_physical root() const { return root_; }

    /// Both addresses aligned to the page. Error::exists when anything is mapped there.
    Result<> map(Guest_physical at, Host_physical frame, unsigned order, Nested_rights rights);
    /// What was mapped at `at`, now gone from the tables, but perhaps not from processors' translations: the frame
    /// stays untouchable until the flush protocol is through (memory/withdrawal.hpp).
    std::optional<Nested_leaf> unmap(Guest_physical at);
    /// What is mapped at `at`.
    std::optional<Nested_leaf> find(Guest_physical at) const;
    /// Whether map() of that order would not answer Error::exists. Both as map() wants them.
    bool has_room(Guest_physical at, unsigned order) const;
    /// Puts 512 pages of the next smaller size in place of the one at `at`: the same frames with the same rights, so
    /// nothing needs a flush. Error::not_present; Error::invalid for a page of 4 KiB.
    Result<> split(Guest_physical at);
    /// Changes the rights of the page at `at`. True when it took one away: it is gone for good only when the flush
    /// protocol is through. Error::not_present.
    Result<bool> protect(Guest_physical at, Nested_rights rights);

    /// Error::not_present where nothing is mapped.
    Result<Host_physical> translate(Guest_physical at) const
    {
        auto const address = at.value();
        if (address >= bit(39))
            return Error::not_present;
        auto const third = entry(third_, address >> 30);
        if ((third & (present | large)) != present)
            return leaf(third, address, 30);
        auto const second = entry(table(third), (address >> 21) & 511);
        if ((second & (present | large)) != present)
            return leaf(second, address, 21);
        auto const first = entry(table(second), (address >> 12) & 511);
        if ((first & present) == 0)
            return Error::not_present;
        return Host_physical((first & frame_mask) | (address & 0xfff));
    }

    /// Takes the tree apart from `cursor` on, which starts at 0, in `budget` steps of at most one page each;
    /// `each_leaf` gets every page that was mapped. True when the last table has gone back. No processor walks the
    /// tables any more.
    template <typename F>
    bool release_some(Guest_physical& cursor, std::uint64_t budget, F&& each_leaf);

private:
    static constexpr std::uint64_t present = bit(0);
    static constexpr std::uint64_t writable = bit(1);
    static constexpr std::uint64_t user = bit(2);
    static constexpr std::uint64_t large = bit(7);
    static constexpr std::uint64_t no_execute = bit(63);
    static constexpr std::uint64_t frame_mask = mask(12, 40);

    static constexpr Guest_physical limit{bit(39)};

    /// An entry and where it lies.
    struct Place
    {
        Host_physical table{};
        std::uint64_t index = 0;
        unsigned shift = 0; ///< log2 of the bytes that it maps
        std::uint64_t value = 0;
    };

    Basic_nested_table(Table_pages& pages, Host_physical root, Host_physical third)
        : pages_(&pages), root_(root), third_(third)
    {
    }

    static std::uint64_t entry(Host_physical table, std::uint64_t index) { return Entries::load(table, index); }
    static void set_entry(Host_physical table, std::uint64_t index, std::uint64_t value)
    {
        Entries::store(table, index, value);
    }
    static Host_physical table(std::uint64_t entry) { return Host_physical(entry & frame_mask); }
    static Result<Host_physical> leaf(std::uint64_t entry, std::uint64_t address, unsigned shift)
    {
        if ((entry & present) == 0)
            return Error::not_present;
        return Host_physical((entry & frame_mask & ~mask(0, shift)) | (address & mask(0, shift)));
    }
    /// The entry that ends the walk to `at`.
    std::optional<Place> leaf_place(Guest_physical at) const;
    static Nested_leaf describe(const Place& place, Guest_physical at)
    {
        return {at.align_down(Bytes(bit(place.shift))), Host_physical(place.value & frame_mask & ~mask(0, place.shift)),
                place.shift - 12};
    }
    /// The table under `index`, made when it is not there.
    Result<Host_physical> below(Host_physical table_at, std::uint64_t index);

    Table_pages* pages_;
    Host_physical root_;
    Host_physical third_; ///< the one table below the root, where every walk starts
};

extern template class Basic_nested_table<Direct_entries>;
using Nested_table = Basic_nested_table<Direct_entries>;

} // namespace ovm::arch
