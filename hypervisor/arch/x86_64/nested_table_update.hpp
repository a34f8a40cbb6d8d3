#pragma once

#include <utility>

#include "arch/crossing.hpp"
#include "arch/x86_64/nested_table.hpp"

/// How the tree changes: the other half of Basic_nested_table.
namespace ovm::arch
{

/// A page that stands in no table yet: it goes back when the scope ends, or the crossing is discarded, before keep().
class Page_loan final : private Undo
{
public:
    Page_loan(Table_pages& pages, Host_physical page) : pages_(pages), page_(page) {}
    ~Page_loan() { undo(); }
    Host_physical page() const { return page_; }
    Host_physical keep()
    {
        kept_ = true;
        return page_;
    }

private:
    void undo() override
    {
        if (!std::exchange(kept_, true))
            pages_.give(page_);
    }

    Table_pages& pages_;
    Host_physical page_;
    bool kept_ = false;
};

template <typename Entries>
Result<Basic_nested_table<Entries>> Basic_nested_table<Entries>::create(Table_pages& pages)
{
    Page_loan root(pages, OVM_TRY(pages.take()));
    auto const third = OVM_TRY(pages.take());
    set_entry(root.page(), 0, third.value() | present | writable | user);
    return Basic_nested_table(pages, root.keep(), third);
}

template <typename Entries>
Result<Host_physical> Basic_nested_table<Entries>::below(Host_physical table_at, std::uint64_t index)
{
    auto const old = entry(table_at, index);
    if ((old & present) != 0)
    {
        if ((old & large) != 0)
            return Error::exists;
        return table(old);
    }
    auto const made = OVM_TRY(pages_->take());
    set_entry(table_at, index, made.value() | present | writable | user);
    return made;
}

template <typename Entries>
Result<> Basic_nested_table<Entries>::map(Guest_physical at, Host_physical frame, unsigned order, Nested_rights rights)
{
    OVM_REQUIRES_THAT(order == 0 || order == 9 || order == 18);
    OVM_REQUIRES_THAT(at < limit);
    Bytes const size(page_size.value() << order);
    OVM_REQUIRES_THAT(at.is_aligned(size) && frame.is_aligned(size));

    auto where = third_;
    auto index = at.value() >> 30;
    if (order < 18)
    {
        where = OVM_TRY(below(where, index));
        index = (at.value() >> 21) & 511;
    }
    if (order == 0)
    {
        where = OVM_TRY(below(where, index));
        index = (at.value() >> 12) & 511;
    }
    if ((entry(where, index) & present) != 0)
        return Error::exists;
    set_entry(where, index,
              frame.value() | present | user | (rights.write ? writable : 0) | (rights.execute ? 0 : no_execute) |
                  (order != 0 ? large : 0));
    return {};
}

template <typename Entries>
bool Basic_nested_table<Entries>::has_room(Guest_physical at, unsigned order) const
{
    OVM_REQUIRES_THAT(order == 0 || order == 9 || order == 18);
    auto where = third_;
    for (unsigned shift = 30;; shift -= 9)
    {
        auto const value = entry(where, (at.value() >> shift) & 511);
        if ((value & present) == 0)
            return true;
        if (shift == order + 12 || (value & large) != 0)
            return false;
        where = table(value);
    }
}

template <typename Entries>
auto Basic_nested_table<Entries>::leaf_place(Guest_physical at) const -> std::optional<Place>
{
    if (at >= limit)
        return std::nullopt;
    auto where = third_;
    for (unsigned shift = 30;; shift -= 9)
    {
        auto const index = (at.value() >> shift) & 511;
        auto const value = entry(where, index);
        if ((value & present) == 0)
            return std::nullopt;
        if (shift == 12 || (value & large) != 0)
            return Place{where, index, shift, value};
        where = table(value);
    }
}

template <typename Entries>
std::optional<Nested_leaf> Basic_nested_table<Entries>::find(Guest_physical at) const
{
    auto const place = leaf_place(at);
    if (!place)
        return std::nullopt;
    return describe(*place, at);
}

template <typename Entries>
std::optional<Nested_leaf> Basic_nested_table<Entries>::unmap(Guest_physical at)
{
    auto const place = leaf_place(at);
    if (!place)
        return std::nullopt;
    set_entry(place->table, place->index, 0);
    return describe(*place, at);
}

template <typename Entries>
Result<> Basic_nested_table<Entries>::split(Guest_physical at)
{
    auto const place = leaf_place(at);
    if (!place)
        return Error::not_present;
    if (place->shift == 12)
        return Error::invalid;
    auto const made = OVM_TRY(pages_->take());
    // Bit 7 means "large" above 4 KiB pages and a cache type in them.
    auto const part = place->shift == 21 ? place->value & ~large : place->value;
    for (std::uint64_t i = 0; i < 512; ++i)
        set_entry(made, i, part + (i << (place->shift - 9)));
    set_entry(place->table, place->index, made.value() | present | writable | user);
    return {};
}

template <typename Entries>
Result<bool> Basic_nested_table<Entries>::protect(Guest_physical at, Nested_rights rights)
{
    auto const place = leaf_place(at);
    if (!place)
        return Error::not_present;
    auto const value =
        (place->value & ~(writable | no_execute)) | (rights.write ? writable : 0) | (rights.execute ? 0 : no_execute);
    set_entry(place->table, place->index, value);
    return ((place->value & writable) != 0 && !rights.write) || ((place->value & no_execute) == 0 && !rights.execute);
}

template <typename Entries>
template <typename F>
bool Basic_nested_table<Entries>::release_some(Guest_physical& cursor, std::uint64_t budget, F&& each_leaf)
{
    auto const drop = [&each_leaf, &cursor](Host_physical table_at, std::uint64_t index, unsigned shift)
    {
        auto const value = entry(table_at, index);
        if ((value & present) != 0)
        {
            set_entry(table_at, index, 0);
            each_leaf(describe({table_at, index, shift, value}, cursor));
        }
        cursor = cursor.align_down(Bytes(bit(shift))) + Bytes(bit(shift));
    };
    auto const is_table = [](std::uint64_t value) { return (value & (present | large)) == present; };

    for (; cursor < limit; --budget)
    {
        if (budget == 0)
            return false;
        auto const in_third = cursor.value() >> 30;
        auto const third = entry(third_, in_third);
        if (!is_table(third))
        {
            drop(third_, in_third, 30);
            continue;
        }
        auto const in_second = (cursor.value() >> 21) & 511;
        auto const second = entry(table(third), in_second);
        if (is_table(second))
        {
            drop(table(second), (cursor.value() >> 12) & 511, 12);
            if (cursor.is_aligned(large_page_size))
            {
                set_entry(table(third), in_second, 0);
                pages_->give(table(second));
            }
        }
        else
            drop(table(third), in_second, 21);
        if (cursor.is_aligned(huge_page_size))
        {
            set_entry(third_, in_third, 0);
            pages_->give(table(third));
        }
    }
    pages_->give(third_);
    pages_->give(root_);
    return true;
}

} // namespace ovm::arch
