#pragma once

#include <cstdint>

/// Starting the other processors, and time to wait with.
namespace guest
{
/// What a guest is: runs on the first processor. Its result goes to the debug-exit port.
uint32_t guest_main();

using Processor_work = void (*)(uint32_t number);

/// Starts every other processor that ACPI names, by INIT and SIPI; each runs `work` with its number
/// and then halts. Returns the number of processors, the first included.
uint32_t start_processors(Processor_work work);

/// Waits on the PM timer (3.579545 MHz); needs ACPI.
void wait_microseconds(uint64_t microseconds);

/// PM timer ticks since the first call, 24-bit wraps accounted for when called at least every 4 s.
uint64_t timer_ticks();
inline constexpr uint64_t timer_hertz = 3579545;
} // namespace guest
