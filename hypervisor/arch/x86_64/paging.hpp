#pragma once

#include <cstdint>

#include "arch/memory_map.hpp"
#include "base/strong.hpp"

/// The hypervisor's own page tables (APM volume 2, section 5.3): four levels, write-xor-execute.
namespace ovm::arch
{

/// Bits of an entry that OVM uses.
namespace page
{
inline constexpr std::uint64_t present = 1 << 0;
inline constexpr std::uint64_t writable = 1 << 1;
inline constexpr std::uint64_t write_through = 1 << 3;
inline constexpr std::uint64_t cache_disable = 1 << 4;
inline constexpr std::uint64_t accessed = 1 << 5;
inline constexpr std::uint64_t dirty = 1 << 6;
inline constexpr std::uint64_t large = 1 << 7;
inline constexpr std::uint64_t no_execute = std::uint64_t{1} << 63;
inline constexpr std::uint64_t address = 0x000f'ffff'ffff'f000;
} // namespace page

/// No page is writable and executable. Uncached is for device registers, combining for framebuffers.
enum class Page_kind : std::uint8_t
{
    code,
    constants,
    data,
    uncached,
    combining
};

/// One tree of page tables, whose pages come from boot's memory map.
/// Concurrency: boot changes it on core 0; later, one core at a time adds pages (map_device, map_firmware, map_module),
///              which needs no flush, since absent entries are not cached.
class Page_tables
{
public:
    explicit constexpr Page_tables(Host_physical root) : root_(root) {}

    /// Maps with the largest pages that fit. Pages that are mapped already stay as they are.
    void map(Host_virtual at, Host_physical to, Bytes size, Page_kind kind);
    /// The tables below a top-level slot become this tree's too.
    void share_slot(const Page_tables& from, unsigned slot);
    /// An empty table, so that every core that shares the slot sees what is mapped in it later.
    void prepare_slot(unsigned slot);
    /// Tables for single pages of large ones' worth, so that mapping these later takes no memory.
    void prepare_pages(Host_virtual at, Bytes size);
    /// A page that was mapped as one. Who may still have its translation flushes it.
    void unmap_page(Host_virtual at);
    /// The entry that maps `at`, or 0.
    std::uint64_t find(Host_virtual at) const;

    Host_physical root() const { return root_; }

private:
    Host_physical root_;
};

/// The tables that this core runs on.
Page_tables current_page_tables();

/// Memory that boot takes for itself; before free_memory() only.
Memory_map& boot_memory();
/// A zeroed page of it.
Host_physical boot_page();
/// The same, several in a row.
Host_physical boot_pages(Bytes size);

/// Builds core 0's tables: image, direct map of all RAM, device area.
Page_tables build_page_tables(const Boot_information& information);

/// Registers of a device, or a framebuffer, for good. Page-aligned outward. The result is where `at` itself is.
Host_virtual map_device(Host_physical at, Bytes size, Page_kind kind);

/// Makes firmware's tables readable through the direct map. False when they lie beyond it.
bool map_firmware(Host_physical at, Bytes size);

} // namespace ovm::arch
