#pragma once

#include "arch/acpi/acpi.hpp"

/// The machine's IOAPICs: all inputs masked but the ones that OVM asked for.
namespace ovm::arch
{

/// Maps and masks every input of every IOAPIC, and masks the old PICs. Once, on core 0.
void mask_all_lines(const Acpi_information& acpi);

/// Delivers an ISA interrupt to core 0 as `vector`. False when no IOAPIC has its line.
bool route_isa_interrupt(const Acpi_information& acpi, std::uint8_t irq, std::uint8_t vector);

/// An interrupt of COM1 or COM2 arrived: their bytes go to who listens.
void serial_interrupt();

} // namespace ovm::arch
