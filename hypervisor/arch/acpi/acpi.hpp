#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/byte_view.hpp"
#include "arch/memory_map.hpp"
#include "arch/processor.hpp"
#include "base/result.hpp"
#include "base/static_vector.hpp"

/// What OVM takes from ACPI's static tables (ACPI 6.5, chapter 5). No AML is run: _S5 is found by its bytes.
namespace ovm::arch
{

/// A generic address structure (5.2.3.2): a register in memory or among the ports.
struct Acpi_register
{
    enum class Space : std::uint8_t
    {
        none,
        memory,
        port
    };
    Space space = Space::none;
    std::uint64_t address = 0;
};

struct Acpi_core
{
    std::uint32_t apic_id = 0;
    Node_id node{};
};

struct Acpi_io_apic
{
    Host_physical address{};
    std::uint32_t first_line = 0; ///< global system interrupt of its input 0
};

/// Where an ISA interrupt really arrives (5.2.12.5).
struct Acpi_override
{
    std::uint8_t irq = 0;
    std::uint32_t line = 0;
    bool active_low = false;
    bool level = false;
};

struct Acpi_sleep
{
    Acpi_register control_a{};
    Acpi_register control_b{};
    std::uint8_t type_a = 0;
    std::uint8_t type_b = 0;
    std::uint16_t enable_port = 0; ///< SMI_CMD: hands power management to us
    std::uint8_t enable_value = 0;
};

struct Acpi_information
{
    Static_vector<Acpi_core, max_cores + 1> cores{}; ///< in the MADT's order; one more, as the boot core may rest
    std::uint32_t cores_left_out = 0;                ///< more than max_cores
    Host_physical local_apic{0xfee0'0000};
    Static_vector<Acpi_io_apic, 16> io_apics{};
    Static_vector<Acpi_override, 16> overrides{};
    std::uint32_t node_count = 1;
    Static_vector<Node_memory, 64> memory{};
    Host_physical event_timer{}; ///< the HPET's registers; 0 when there is none
    Acpi_register pm_timer{};
    bool pm_timer_is_32_bits = false;
    Acpi_register reset{};
    std::uint8_t reset_value = 0;
    std::uint8_t century = 0; ///< RTC register, 0 when there is none
    std::optional<Acpi_sleep> power_off{};

    /// The line on which an ISA interrupt arrives; edge and high when nothing else was said.
    Acpi_override route(std::uint8_t irq) const;
};

/// Reads the tables from the RSDP at `hint`, or where firmware of the PC leaves it. Tables with a wrong checksum or
/// length are passed over; what they would have said stays at its default.
/// Failure: Error::not_found without an RSDP, Error::corrupt without a root table, Error::invalid without a usable
/// core.
Result<> parse_acpi(Physical_reader& memory, std::optional<Host_physical> hint, Acpi_information& into);

/// The sleep types of \_S5, if AML bytes hold such a package (ACPI 7.4.2.6, AML 20.2).
std::optional<std::array<std::uint8_t, 2>> find_soft_off(Byte_view aml);

} // namespace ovm::arch
