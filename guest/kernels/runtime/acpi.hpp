#pragma once

#include <array>
#include <cstdint>
#include <span>

/// The few facts of ACPI that the test guests use (ACPI 6.4: RSDP 5.2.5, FADT 5.2.9, MADT 5.2.12).
namespace guest
{
struct Acpi_facts
{
    bool found;
    uint64_t root_pointer;
    uint32_t broken_tables;             ///< tables whose bytes do not add up to zero
    uint16_t timer_port;                ///< PM timer; 0 when there is none
    uint16_t control_port;              ///< PM1a control, which powers off; 0 when there is none
    uint16_t reset_port;                ///< reset register when it is a port; 0 when there is none
    std::span<const uint32_t> apic_ids; ///< of the enabled processors
};

Acpi_facts read_acpi();
} // namespace guest
