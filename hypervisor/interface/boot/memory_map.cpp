#include "interface/boot/memory_map.hpp"

#include "interface/boot/entry_state.hpp"

namespace ovm::interface
{

namespace
{

/// Where a PC's firmware lives; OVM's ACPI tables lie there.
constexpr Range<Guest_physical> firmware{layout::acpi_tables, layout::kernel - layout::acpi_tables};

void add(Guest_memory_map& map, Guest_physical begin, Guest_physical end, Map_type type)
{
    if (begin < end)
        OVM_ASSERT(map.push_back({{begin, end - begin}, type}).has_value());
}

void add(Guest_memory_map& map, const Range<Guest_physical>& range, Map_type type)
{
    add(map, range.begin, range.end(), type);
}

} // namespace

Guest_memory_map guest_memory_map(const memory::Guest_ram& ram)
{
    constexpr Guest_physical display{0xa0000};

    Guest_memory_map map;
    add(map, Guest_physical{0}, layout::low_ram_end, Map_type::ram);
    add(map, layout::low_ram_end, display, Map_type::reserved);
    add(map, firmware, Map_type::reserved);
    add(map, layout::kernel, ram.low.end(), Map_type::ram);
    add(map, layout::ecam, Map_type::reserved);
    add(map, layout::ioapic, Map_type::reserved);
    add(map, layout::lapic, Map_type::reserved);
    add(map, ram.high, Map_type::ram);
    return map;
}

} // namespace ovm::interface
