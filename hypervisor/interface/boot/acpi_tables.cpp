#include "interface/boot/acpi_tables.hpp"

#include <array>

#include "interface/boot/acpi_dsdt.hpp"
#include "interface/boot/acpi_fadt.hpp"
#include "interface/boot/bytes.hpp"
#include "interface/boot/configuration.hpp"
#include "interface/boot/entry_state.hpp"
#include "interface/boot/memory_map.hpp"
#include "interface/boot/table_writer.hpp"

namespace ovm::interface
{

namespace
{

constexpr Bytes table_alignment{64}; // the FACS wants it; the others do not mind

/// Multiple APIC description table, ACPI 6.4, section 5.2.12.
Table_writer make_madt(std::uint32_t vcpus)
{
    constexpr std::uint8_t all_processors = 0xff;
    constexpr std::uint16_t as_the_bus_has_it = 0;
    constexpr std::uint16_t level_active_high = 0x0d;

    Table_writer table("APIC", 5);
    table.number(4, layout::lapic.begin.value());
    table.number(4, 1); // there is a pair of 8259 as well
    for (std::uint32_t i = 0; i < vcpus; ++i)
    {
        table.number(2, 8 << 8 | 0); // processor local APIC
        table.number(1, i);
        table.number(1, i);
        table.number(4, 1); // enabled
    }
    table.number(2, 12 << 8 | 1); // I/O APIC
    table.number(1, acpi::ioapic_id);
    table.number(1, 0);
    table.number(4, layout::ioapic.begin.value());
    table.number(4, 0); // the first of its interrupts
    auto const interrupt_override = [&table](std::uint8_t irq, std::uint32_t interrupt, std::uint16_t how)
    {
        table.number(2, 10 << 8 | 2);
        table.number(1, 0); // ISA
        table.number(1, irq);
        table.number(4, interrupt);
        table.number(2, how);
    };
    interrupt_override(0, 2, as_the_bus_has_it);
    interrupt_override(acpi::sci_irq, acpi::sci_irq, level_active_high);
    table.number(2, 6 << 8 | 4); // local APIC NMI
    table.number(1, all_processors);
    table.number(2, as_the_bus_has_it);
    table.number(1, 1); // LINT1
    table.finish();
    return table;
}

/// Where PCI Express configuration space lies; PCI Firmware 3.3, table 4-2.
Table_writer make_mcfg()
{
    Table_writer table("MCFG", 1);
    table.zeros(8);
    table.number(8, layout::ecam.begin.value());
    table.number(2, 0); // segment
    table.number(1, 0); // first bus
    table.number(1, 0); // last bus
    table.zeros(4);
    table.finish();
    return table;
}

Table_writer make_xsdt(std::span<const Guest_physical> tables)
{
    Table_writer table("XSDT", 1);
    for (auto const at : tables)
        table.number(8, at.value());
    table.finish();
    return table;
}

/// Firmware ACPI control structure, ACPI 6.4, section 5.2.10: no header, no checksum.
std::array<std::uint8_t, 64> make_facs()
{
    constexpr std::uint8_t version = 2;
    std::array<std::uint8_t, 64> facs{'F', 'A', 'C', 'S', 64};
    facs[32] = version;
    return facs;
}

/// Root system description pointer, ACPI 6.4, section 5.2.5.3.
std::array<std::uint8_t, 36> make_rsdp(Guest_physical xsdt)
{
    std::array<std::uint8_t, 36> rsdp{'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ', 0, 'O', 'V', 'M', ' ', ' ', ' ', 2};
    put_little_endian(rsdp, 20, 4, rsdp.size());
    put_little_endian(rsdp, 24, 8, xsdt.value());
    rsdp[8] = checksum_of(std::span<const std::uint8_t>(rsdp).first(20));
    rsdp[32] = checksum_of(rsdp);
    return rsdp;
}

} // namespace

/// One behind the other; where it went.
Result<Guest_physical> Acpi_tables::add(std::span<const std::uint8_t> table)
{
    auto const at = next_;
    if (Range<Guest_physical>{at, Bytes{table.size()}}.end() > layout::rsdp)
        return Error::full;
    OVM_TRY(memory_.write(at, table));
    next_ = (at + Bytes{table.size()}).align_up(table_alignment);
    return at;
}

Result<bool> Acpi_tables::write_some()
{
    if (vcpus_ == 0 || vcpus_ > max_vcpus)
        return Error::out_of_range;
    if (!dsdt_)
    {
        dsdt_ = OVM_TRY(add(make_dsdt().bytes()));
        return false;
    }
    if (!fadt_)
    {
        auto const facs = OVM_TRY(add(make_facs()));
        fadt_ = OVM_TRY(add(make_fadt(facs, *dsdt_).bytes()));
        return false;
    }
    auto const madt = OVM_TRY(add(make_madt(vcpus_).bytes()));
    auto const mcfg = OVM_TRY(add(make_mcfg().bytes()));
    auto const xsdt = OVM_TRY(add(make_xsdt(std::array{*fadt_, madt, mcfg}).bytes()));
    OVM_TRY(memory_.write(layout::rsdp, make_rsdp(xsdt)));
    return true;
}

} // namespace ovm::interface
