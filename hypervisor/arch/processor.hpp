#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "arch/core_window.hpp"
#include "base/strong.hpp"

/// What every port offers of the processor it runs on. x86_64 implements it on the machine, hosted on threads with
/// a clock that tests move.
namespace ovm::arch
{

inline constexpr std::uint32_t max_cores = 64;
inline constexpr std::uint32_t max_nodes = 8;
/// What cores exchange as a whole: parts that different cores write lie in different ones.
inline constexpr std::size_t cache_line = 64;

/// The core that executes this. Costs one load from the per-core window.
Core_id this_core();
std::uint32_t core_count();
Node_id node_of(Core_id core);

/// PAUSE: every busy wait executes it.
void pause();

/// The time-stamp counter, and how fast it runs.
Ticks time_stamp();
std::uint64_t ticks_per_second();
/// Synchronised over all cores and unaffected by power states, as CPUID 8000_0007h EDX[8] says.
bool time_stamp_is_invariant();
Nanoseconds to_nanoseconds(Ticks ticks);
Ticks to_ticks(Nanoseconds duration);
/// Wall-clock time at time_stamp() == 0, seconds since 1970 (UTC), from the machine's RTC at boot.
std::int64_t boot_wall_clock_seconds();

/// Asks another core to enter a crossing soon (IPI). Harmless when it is in one.
void kick(Core_id core);
/// Arms this core's one-shot timer: an interrupt at or shortly after `deadline`; a second call replaces the first.
void set_timer(Ticks deadline);
void stop_timer();
/// Sleeps until any interrupt arrives; returns at once if one is pending. Interrupts are taken inside.
void wait_for_interrupt();
/// Takes what is pending now: a moment with interrupts on.
void take_interrupts();

/// The bytes of a physical range that the hypervisor may touch (RAM; through the direct map).
/// Trusted floor: the caller owns the frames.
std::span<std::uint8_t> physical_bytes(Host_physical at, Bytes size);
/// The way back: of something that physical_bytes() showed.
Host_physical physical_address(const void* shown);

/// Writes to the early log sink (serial, and the screen when there is one); waits for the wire, a bounded time. Used
/// until the console exists, and by crash records. A newline without a carriage return gets one.
void write_serial(std::string_view text);

} // namespace ovm::arch

#if OVM_HOSTED
#include "arch/hosted/inline.hpp"
#else
#include "arch/x86_64/inline.hpp"
#endif
