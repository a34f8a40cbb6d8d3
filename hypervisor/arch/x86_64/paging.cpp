#include "arch/x86_64/paging.hpp"

#include <array>

#include "arch/processor.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/cpuid.hpp"
#include "arch/x86_64/image.hpp"
#include "arch/x86_64/layout.hpp"
#include "base/bits.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

namespace
{

constinit Memory_map memory_map{};
constinit Bytes device_area_used{};

using Table = std::span<std::uint64_t, 512>;

Table table_at(Host_physical at)
{
    return Table(reinterpret_cast<std::uint64_t*>(direct_map.value() + at.value()), 512);
}

constexpr unsigned index_of(Host_virtual at, unsigned level)
{
    return static_cast<unsigned>(field(at.value(), 12 + 9 * level, 9));
}

constexpr Bytes span_of(unsigned level)
{
    return Bytes(std::uint64_t{4096} << (9 * level));
}

std::uint64_t bits_of(Page_kind kind)
{
    using namespace page;
    // Accessed and dirty are set in advance, so that the processor never writes to a table by itself.
    constexpr std::uint64_t read = present | accessed;
    constexpr std::uint64_t write = read | writable | dirty | no_execute;
    switch (kind)
    {
    case Page_kind::code:
        return read;
    case Page_kind::constants:
        return read | no_execute;
    case Page_kind::data:
        return write;
    case Page_kind::uncached:
        return write | cache_disable | write_through;
    case Page_kind::combining:
        return write | write_through; // PAT entry 1 (core_state.cpp)
    }
    OVM_UNREACHABLE("every kind is listed");
}

bool has_huge_pages()
{
    return (cpuid(0x8000'0001).edx & bit(26)) != 0;
}

/// The table below `entry`, made when there is none.
Table descend(std::uint64_t& entry)
{
    if ((entry & page::present) == 0)
        entry = boot_page().value() | page::present | page::writable | page::accessed;
    return table_at(Host_physical(entry & page::address));
}

} // namespace

Memory_map& boot_memory()
{
    return memory_map;
}

Host_physical boot_pages(Bytes size)
{
    // Below 4 GiB: boot's own page tables show no more.
    auto const pages = memory_map.take(size, page_size, Host_physical(0x1'0000'0000));
    OVM_ASSERT(pages.has_value());
    for (Bytes done{}; done < size; done += page_size)
    {
        for (auto& entry : table_at(*pages + done))
            entry = 0;
    }
    return *pages;
}

Host_physical boot_page()
{
    return boot_pages(page_size);
}

void Page_tables::map(Host_virtual at, Host_physical to, Bytes size, Page_kind kind)
{
    OVM_REQUIRES_THAT(at.is_aligned(page_size) && to.is_aligned(page_size) && size.value() % page_size.value() == 0);
    static constinit unsigned largest = 0; // level of the largest page, 0 until asked
    if (largest == 0)
        largest = has_huge_pages() ? 2 : 1;
    while (size != Bytes(0))
    {
        auto table = table_at(root_);
        unsigned level = 3;
        for (;;)
        {
            auto& entry = table[index_of(at, level)];
            bool const mapped = (entry & page::present) != 0 && (level == 0 || (entry & page::large) != 0);
            bool const fits = level <= largest && at.is_aligned(span_of(level)) && to.is_aligned(span_of(level)) &&
                              size >= span_of(level) && (level == 0 || (entry & page::present) == 0);
            if (!mapped && !fits)
            {
                table = descend(entry);
                --level;
                continue;
            }
            if (!mapped)
                entry = to.value() | bits_of(kind) | (level > 0 ? page::large : 0);
            break;
        }
        auto const end = at.align_down(span_of(level)) + span_of(level);
        auto const step = end - at < size ? end - at : size;
        at += step;
        to += step;
        size -= step;
    }
}

void Page_tables::share_slot(const Page_tables& from, unsigned slot)
{
    table_at(root_)[slot] = table_at(from.root_)[slot];
}

void Page_tables::prepare_slot(unsigned slot)
{
    static_cast<void>(descend(table_at(root_)[slot]));
}

void Page_tables::prepare_pages(Host_virtual at, Bytes size)
{
    for (auto const end = at + size; at < end; at += large_page_size)
    {
        auto table = table_at(root_);
        for (unsigned level = 3; level > 0; --level)
            table = descend(table[index_of(at, level)]);
    }
}

void Page_tables::unmap_page(Host_virtual at)
{
    auto table = table_at(root_);
    for (unsigned level = 3; level > 0; --level)
        table = table_at(Host_physical(table[index_of(at, level)] & page::address));
    table[index_of(at, 0)] = 0;
}

std::uint64_t Page_tables::find(Host_virtual at) const
{
    auto table = table_at(root_);
    for (unsigned level = 3;; --level)
    {
        auto const entry = table[index_of(at, level)];
        if ((entry & page::present) == 0)
            return 0;
        if (level == 0 || (entry & page::large) != 0)
            return entry;
        table = table_at(Host_physical(entry & page::address));
    }
}

Page_tables current_page_tables()
{
    return Page_tables(Host_physical(read_cr3() & page::address));
}

Page_tables build_page_tables(const Boot_information& information)
{
    Page_tables tables(boot_page());
    auto const map_image = [&tables](Range<Host_virtual> range, Page_kind kind, Page_kind direct)
    {
        auto const physical = image_physical(range.begin);
        tables.map(range.begin, physical, range.size, kind);
        tables.map(direct_map + Bytes(physical.value()), physical, range.size, direct);
    };
    map_image(image_text(), Page_kind::code, Page_kind::constants);
    map_image(image_constants(), Page_kind::constants, Page_kind::constants);
    map_image(image_data(), Page_kind::data, Page_kind::data);
    map_image(image_crash_page(), Page_kind::data, Page_kind::data);

    // What is mapped stays: the image keeps its rights, the rest gets the largest pages.
    Memory_map all;
    all.build(information);
    for (auto const& range : all.ranges())
        tables.map(direct_map + Bytes(range.begin.value()), range.begin, range.size, Page_kind::data);
    tables.prepare_slot(256); // firmware's tables may lie in holes between RAM
    tables.prepare_pages(module_area, module_area_size);
    return tables;
}

Host_virtual map_device(Host_physical at, Bytes size, Page_kind kind)
{
    auto const begin = at.align_down(page_size);
    auto const end = (at + size).align_up(page_size);
    auto const place = device_area + device_area_used;
    // A large page's worth of room keeps devices apart and lets a framebuffer use large pages.
    device_area_used += Bytes(align_up((end - begin).value(), large_page_size.value()));
    OVM_ASSERT(device_area_used <= device_area_size);
    current_page_tables().map(place, begin, end - begin, kind);
    return place + (at - begin);
}

bool map_firmware(Host_physical at, Bytes size)
{
    auto const begin = at.align_down(page_size);
    auto const end = (at + size).align_up(page_size);
    if (end < begin || end.value() > direct_map_size.value())
        return false;
    for (auto page = begin; page < end; page += page_size)
    {
        // Only in slots that all cores share already.
        auto const virtual_page = direct_map + Bytes(page.value());
        auto const root = table_at(current_page_tables().root());
        if ((root[index_of(virtual_page, 3)] & page::present) == 0)
            return false;
        current_page_tables().map(virtual_page, page, page_size, Page_kind::constants);
    }
    return true;
}

} // namespace ovm::arch
