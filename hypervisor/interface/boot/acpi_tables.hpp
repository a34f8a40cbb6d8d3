#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "interface/boot/entry_state.hpp"
#include "memory/guest_memory.hpp"

namespace ovm::interface
{

/// What the tables tell a guest about its PC; the devices are built to match.
namespace acpi
{
inline constexpr Port pm_event{0x600};   ///< PM1a status and enable, 2 bytes each
inline constexpr Port pm_control{0x604}; ///< PM1a control; SCI_EN always reads 1, as there is no SMI command
inline constexpr Port pm_timer{0x608};   ///< 32 bits
inline constexpr Port reset{0xcf9};
inline constexpr std::uint8_t reset_value = 6;
inline constexpr std::uint8_t power_off = 5; ///< the sleep type of S5
inline constexpr std::uint8_t sci_irq = 9;   ///< level, active high
inline constexpr std::uint8_t ioapic_id = 0;
} // namespace acpi

/// Describes the PC of a VM with `vcpus` processors, whose APIC ids are their indices, in ACPI 6.4 tables: RSDP at
/// layout::rsdp, XSDT, FADT, FACS, MADT, MCFG and DSDT from layout::acpi_tables on.
class Acpi_tables
{
public:
    Acpi_tables(memory::Guest_memory& memory, std::uint32_t vcpus) : memory_(memory), vcpus_(vcpus) {}

    /// A slice of writing them; true when all are there.
    /// Error::out_of_range: no or too many vcpus. Error::no_memory: a page of the VM's memory cannot be given.
    Result<bool> write_some();

private:
    Result<Guest_physical> add(std::span<const std::uint8_t> table);

    memory::Guest_memory& memory_;
    std::uint32_t vcpus_;
    Guest_physical next_ = layout::acpi_tables;
    std::optional<Guest_physical> dsdt_{}; ///< with it a slice ends, as it is by far the longest
    std::optional<Guest_physical> fadt_{}; ///< and with it
};

} // namespace ovm::interface
