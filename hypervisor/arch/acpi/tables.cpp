#include "arch/acpi/acpi.hpp"
#include "arch/acpi/records.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::size_t header_size = 36;
constexpr std::uint32_t longest_table = 4 << 20;
constexpr std::size_t most_tables = 256;

bool is_rsdp(Byte_view view)
{
    return view.starts_with("RSD PTR ") && view.part(0, 20).sums_to_zero();
}

/// The RSDP lies on a 16-byte boundary of the EBDA's first KiB or of the BIOS area (5.2.5.1).
std::optional<Host_physical> search_rsdp(Physical_reader& memory, Host_physical begin, Bytes size)
{
    Byte_view const area(memory.view(begin, size));
    for (std::size_t offset = 0; offset + 20 <= area.size(); offset += 16)
    {
        if (is_rsdp(area.part(offset, 20)))
            return begin + Bytes(offset);
    }
    return {};
}

std::optional<Host_physical> find_rsdp(Physical_reader& memory, std::optional<Host_physical> hint)
{
    if (hint && is_rsdp(Byte_view(memory.view(*hint, Bytes(20)))))
        return hint;
    Byte_view const segment(memory.view(Host_physical(0x40e), Bytes(2)));
    if (auto const ebda = std::uint64_t{segment.load16(0)} << 4; ebda >= 0x400)
    {
        if (auto const found = search_rsdp(memory, Host_physical(ebda), Bytes(1024)))
            return found;
    }
    return search_rsdp(memory, Host_physical(0xe0000), Bytes(0x20000));
}

/// A whole table with a good checksum, or an empty view.
Byte_view table_at(Physical_reader& memory, Host_physical at)
{
    Byte_view const header(memory.view(at, Bytes(header_size)));
    auto const size = header.load32(4);
    if (size < header_size || size > longest_table)
        return {};
    Byte_view const table(memory.view(at, Bytes(size)));
    return table.sums_to_zero() ? table : Byte_view();
}

struct Root
{
    Host_physical at{};
    std::size_t width = 4; ///< of an entry: RSDT 4, XSDT 8
};

Root root_of(Byte_view rsdp)
{
    if (rsdp.size() >= 36 && rsdp.load8(15) >= 2 && rsdp.sums_to_zero() && rsdp.load64(24) != 0)
        return {Host_physical(rsdp.load64(24)), 8};
    return {Host_physical(rsdp.load32(16)), 4};
}

} // namespace

Result<> parse_acpi(Physical_reader& memory, std::optional<Host_physical> hint, Acpi_information& information)
{
    auto const at = find_rsdp(memory, hint);
    if (!at)
        return Error::not_found;
    Byte_view rsdp(memory.view(*at, Bytes(36)));
    if (rsdp.size() == 0)
        rsdp = Byte_view(memory.view(*at, Bytes(20)));
    auto root_place = root_of(rsdp);
    auto root = table_at(memory, root_place.at);
    if (root.size() == 0 && root_place.width == 8)
    {
        root_place = {Host_physical(rsdp.load32(16)), 4};
        root = table_at(memory, root_place.at);
    }
    if (root.size() == 0 || !root.starts_with(root_place.width == 8 ? "XSDT" : "RSDT"))
        return Error::corrupt;

    // A view is a look through a window that the next one may move: addresses first, then one table at a time.
    Static_vector<Host_physical, most_tables> tables;
    for (std::size_t offset = header_size; offset + root_place.width <= root.size(); offset += root_place.width)
    {
        if (!tables.push_back(Host_physical(root.load(offset, root_place.width).value_or(0))).has_value())
            break;
    }

    information = {};
    Affinity affinity;
    Host_physical dsdt{};
    for (auto const place : tables)
    {
        auto const table = table_at(memory, place);
        if (table.starts_with("APIC"))
            read_madt(table, information);
        else if (table.starts_with("SRAT"))
            read_srat(table, affinity);
        else if (table.starts_with("FACP"))
            dsdt = read_fadt(table, information);
        else if (table.starts_with("HPET"))
            read_hpet(table, information);
    }
    apply(affinity, information);

    auto soft_off = find_soft_off(table_at(memory, dsdt).part(header_size));
    for (auto const place : tables)
    {
        if (soft_off)
            break;
        auto const table = table_at(memory, place);
        if (table.starts_with("SSDT"))
            soft_off = find_soft_off(table.part(header_size));
    }
    if (soft_off && information.power_off)
    {
        information.power_off->type_a = (*soft_off)[0];
        information.power_off->type_b = (*soft_off)[1];
    }
    else
    {
        information.power_off.reset();
    }
    if (information.cores.empty())
        return Error::invalid;
    return {};
}

Acpi_override Acpi_information::route(std::uint8_t irq) const
{
    for (auto const& entry : overrides)
    {
        if (entry.irq == irq)
            return entry;
    }
    return {irq, irq, false, false};
}

} // namespace ovm::arch
