#include "interface/boot/acpi_fadt.hpp"

#include "base/bits.hpp"
#include "interface/boot/acpi_tables.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::size_t fadt_size = 276;

/// IAPC_BOOT_ARCH, table 5.11: no keyboard controller (bit 1), and the RTC is where it always was (bit 5 clear).
constexpr std::uint64_t boot_architecture = bit(0)    // devices on the ISA bus
                                            | bit(2)  // no VGA: do not probe for it
                                            | bit(4); // leave link power management alone

/// Table 5.10.
constexpr std::uint64_t flags = bit(0)     // WBINVD works
                                | bit(2)   // C1 on every processor
                                | bit(4)   // no fixed power button
                                | bit(5)   // no fixed sleep button
                                | bit(6)   // the RTC's alarm is no fixed event
                                | bit(8)   // the PM timer has 32 bits
                                | bit(10); // the reset register works

/// Latencies that say: not supported.
constexpr std::uint16_t no_c2 = 101;
constexpr std::uint16_t no_c3 = 1001;

/// From PM1a_EVT_BLK on: where the registers are, then how long.
void write_ports(Table_writer& table)
{
    table.number(4, acpi::pm_event.value());
    table.number(4, 0); // PM1b event
    table.number(4, acpi::pm_control.value());
    table.number(4, 0); // PM1b control
    table.number(4, 0); // PM2 control
    table.number(4, acpi::pm_timer.value());
    table.zeros(8); // general purpose events
    table.number(1, 4);
    table.number(1, 2);
    table.number(1, 0);
    table.number(1, 4);
    table.zeros(4); // lengths of general purpose events, C-state control
}

/// From X_PM1a_EVT_BLK on: the same registers again, as ACPI 2 and later want them.
void write_extended_ports(Table_writer& table)
{
    constexpr std::uint8_t word = 2;
    constexpr std::uint8_t double_word = 3;
    table.port_register(acpi::pm_event, 32, word);
    table.no_register();
    table.port_register(acpi::pm_control, 16, word);
    table.no_register();
    table.no_register();
    table.port_register(acpi::pm_timer, 32, double_word);
    table.no_register();
    table.no_register();
    table.no_register(); // sleep control and status belong to reduced hardware
    table.no_register();
}

} // namespace

Table_writer make_fadt(Guest_physical facs, Guest_physical dsdt)
{
    constexpr std::uint8_t revision = 6;
    constexpr std::uint8_t minor_revision = 4;
    constexpr std::uint8_t byte_access = 1;
    OVM_REQUIRES_THAT(facs.value() <= 0xffff'ffff && dsdt.value() <= 0xffff'ffff);

    Table_writer table("FACP", revision);
    table.number(4, facs.value());
    table.number(4, dsdt.value());
    table.number(1, 0);
    table.number(1, 0); // power management profile: unspecified
    table.number(2, acpi::sci_irq);
    table.zeros(8); // no SMI command: the machine is always in ACPI mode
    write_ports(table);
    table.number(2, no_c2);
    table.number(2, no_c3);
    table.zeros(6); // no cache flush by reading, no duty cycle
    table.zeros(3); // no RTC alarm beyond a day, no century
    table.number(2, boot_architecture);
    table.number(1, 0);
    table.number(4, flags);
    table.port_register(acpi::reset, 8, byte_access);
    table.number(1, acpi::reset_value);
    table.number(2, 0); // Arm
    table.number(1, minor_revision);
    table.number(8, 0); // the FACS is below 4 GiB, so its 32-bit address counts
    table.number(8, dsdt.value());
    write_extended_ports(table);
    table.text("OVM");
    table.zeros(5);
    table.finish();
    OVM_ENSURES(table.size() == fadt_size);
    return table;
}

} // namespace ovm::interface
