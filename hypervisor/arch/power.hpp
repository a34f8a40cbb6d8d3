#pragma once

/// The end of a run.
namespace ovm::arch
{

/// ACPI S5 as the FADT and DSDT describe it; where that does not work, stops.
[[noreturn]] void power_off();
/// ACPI's reset register, then the PCI reset port, then the keyboard controller, then a triple fault.
[[noreturn]] void reset_machine();
/// All cores halt with interrupts off.
[[noreturn]] void stop_machine();

} // namespace ovm::arch
