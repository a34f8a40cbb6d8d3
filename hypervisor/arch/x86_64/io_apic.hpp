#pragma once

#include "arch/acpi/acpi.hpp"

/// The machine's IOAPICs: all inputs masked but the ones that OVM asked for.
namespace ovm::arch
{

/// Maps and masks every input of every IOAPIC, and masks the old PICs. Once, on core 0.
void mask_all_lines(const Acpi_information& acpi);

/// Delivers an ISA interrupt to core 0 as `vector`. False when no IOAPIC has its line.
bool route_isa_interrupt(const Acpi_information& acpi, std::uint8_t irq, std::uint8_t vector);

/// Delivers that line, edge-triggered, to every core as an NMI. False when no IOAPIC has it.
bool route_to_all_as_nmi(std::uint32_t line);

/// An interrupt of COM1 or COM2 arrived: their bytes go to who listens.
void serial_interrupt();

} // namespace ovm::arch
