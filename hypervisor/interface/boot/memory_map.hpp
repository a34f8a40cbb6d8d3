#pragma once

#include <cstdint>

#include "base/static_vector.hpp"
#include "base/strong.hpp"
#include "memory/guest_memory.hpp"

namespace ovm::interface
{

/// What a range of a guest's physical memory is, numbered as all boot protocols number it (ACPI 6.4, table 15.4;
/// Linux' and PVH's maps; Multiboot 0.6.96, section 3.3).
enum class Map_type : std::uint32_t
{
    ram = 1,
    reserved = 2,
};

struct Map_entry
{
    Range<Guest_physical> range{};
    Map_type type = Map_type::ram;
};

using Guest_memory_map = Static_vector<Map_entry, 16>;

/// The windows of a guest's address space that are neither RAM nor free: every map and table names them from here.
namespace layout
{
inline constexpr Range<Guest_physical> pci_memory{Guest_physical{0xc000'0000}, Bytes{0x2000'0000}};
inline constexpr Range<Guest_physical> ecam{Guest_physical{0xe000'0000}, Bytes{0x10'0000}}; ///< segment 0, bus 0
inline constexpr Range<Guest_physical> ioapic{Guest_physical{0xfec0'0000}, Bytes{0x1000}};
inline constexpr Range<Guest_physical> lapic{Guest_physical{0xfee0'0000}, Bytes{0x1000}};
} // namespace layout

/// The map that a VM with this RAM is given: sorted, disjoint, no range empty.
Guest_memory_map guest_memory_map(const memory::Guest_ram& ram);

} // namespace ovm::interface
