#pragma once

#include "arch/acpi/acpi.hpp"

/// The machine's side of the last watch (arch/hang.hpp): a comparator of the HPET (IA-PC HPET 1.0a) whose interrupt the
/// IOAPIC delivers as an NMI to every core. It needs nobody's attention until nobody has renewed it.
/// Concurrency: core 0 alone touches the device, its NMI included; others read what it tells.
namespace ovm::arch
{

/// Chooses comparator and input; once, on core 0, after mask_all_lines(). A machine without is one without last watch.
void find_last_watch(const Acpi_information& acpi);
/// In an NMI on this core: whether the watch is over, and this is its NMI. It comes again until somebody renews it.
bool is_last_watch();
/// No NMI of it comes any more: the machine crashes.
void stop_last_watch();

} // namespace ovm::arch
