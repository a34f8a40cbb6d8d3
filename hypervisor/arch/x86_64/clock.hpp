#pragma once

#include "arch/acpi/acpi.hpp"

/// The time-stamp counter and the one-shot timer of each core, measured once at boot.
namespace ovm::arch
{

/// Measures the TSC and the local APIC's timer against the PM timer, or the PIT without one, within 4 ms; reads the
/// RTC. Once, on core 0.
void calibrate_clock(const Acpi_information& acpi);
/// This core's timer: one-shot, stopped.
void enable_timer();
/// The timer's interrupt arrived on this core.
void timer_interrupt();
/// Another core's counter was found to disagree.
void distrust_time_stamp();

/// Busy wait.
void delay(Nanoseconds duration);

} // namespace ovm::arch
