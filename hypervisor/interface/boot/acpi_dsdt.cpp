#include "interface/boot/acpi_dsdt.hpp"

#include "interface/boot/acpi_tables.hpp"
#include "interface/boot/aml.hpp"
#include "interface/boot/memory_map.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::uint8_t present_and_working = 0x0f; // _STA: ACPI 6.4, section 6.3.7

void write_sleep_states(Aml_writer& aml)
{
    aml.name("\\_S5");
    auto const types = aml.open_package(4);
    aml.integer(acpi::power_off);
    aml.integer(acpi::power_off);
    aml.integer(0);
    aml.integer(0);
    aml.close(types);
}

/// A PCI Express host bridge with the one bus that the ECAM covers. Its functions interrupt by message.
void write_pci(Aml_writer& aml)
{
    constexpr Port configuration{0xcf8};
    constexpr Port behind_configuration{0xd00};

    auto const device = aml.open_device("PCI0");
    aml.eisa_id("_HID", "PNP0A08");
    aml.eisa_id("_CID", "PNP0A03");
    aml.integer("_UID", 0);
    aml.integer("_SEG", 0);
    aml.integer("_BBN", 0);
    auto const resources = aml.open_resources();
    aml.bus_window(0, 0);
    aml.ports(configuration, 8);
    aml.port_window(Port{0}, Port{configuration.value() - 1});
    aml.port_window(behind_configuration, Port{0xffff});
    aml.memory_window(layout::pci_memory);
    aml.close_resources(resources);
    aml.close(device);
}

void write_serial_port(Aml_writer& aml)
{
    auto const device = aml.open_device("COM1");
    aml.eisa_id("_HID", "PNP0501");
    aml.integer("_UID", 1);
    aml.integer("_STA", present_and_working);
    auto const resources = aml.open_resources();
    aml.ports(Port{0x3f8}, 8);
    aml.irq(4);
    aml.close_resources(resources);
    aml.close(device);
}

void write_clock(Aml_writer& aml)
{
    auto const device = aml.open_device("RTC");
    aml.eisa_id("_HID", "PNP0B00");
    aml.integer("_STA", present_and_working);
    auto const resources = aml.open_resources();
    aml.ports(Port{0x70}, 2);
    aml.irq(8);
    aml.close_resources(resources);
    aml.close(device);
}

/// Keeps the ECAM, which Linux trusts only when it is reserved here, and the power management ports free of others.
void write_motherboard(Aml_writer& aml)
{
    auto const device = aml.open_device("MBRD");
    aml.eisa_id("_HID", "PNP0C02");
    aml.integer("_UID", 0);
    auto const resources = aml.open_resources();
    aml.fixed_memory(layout::ecam);
    aml.ports(acpi::pm_event, 12);
    aml.close_resources(resources);
    aml.close(device);
}

} // namespace

Table_writer make_dsdt()
{
    Table_writer table("DSDT", 2);
    Aml_writer aml(table);
    write_sleep_states(aml);
    auto const system = aml.open_scope("\\_SB");
    write_pci(aml);
    write_serial_port(aml);
    write_clock(aml);
    write_motherboard(aml);
    aml.close(system);
    table.finish();
    return table;
}

} // namespace ovm::interface
