#pragma once

#include <cstdint>

#include "arch/core_window.hpp"

/// Ending a crossing that does not end by itself: a neighbour asks by an NMI, since interrupts are off in there. Where
/// no neighbour is left to ask, the last watch does, which is a device.
namespace ovm::arch
{

/// Wishes to end one crossing until it is discarded. Each is answered by the core itself: one that an emulator or a
/// system management interrupt kept from executing answers too few, and only the time of its crossing was long.
inline constexpr std::uint32_t hang_patience = 3;
/// The same for a job, whose slice may move megabytes.
inline constexpr std::uint32_t hang_patience_with_jobs = 16;
/// Wishes that may find no moment in which the crossing can be discarded, until the core counts as lost.
inline constexpr std::uint32_t hang_last_patience = 40;

enum class Hang_answer : std::uint8_t
{
    nothing_asked, ///< the interrupt came from somebody else
    go_on,         ///< that crossing has ended, or may yet; or this is no moment to discard it
    discard,
    lost, ///< it works for the hypervisor itself, or never came to such a moment
};

/// The neighbour's side: asks the core by NMI to end the crossing in which it has been since that epoch.
void interrupt_hanging(Core_id core, std::uint64_t epoch);
/// What of it the core finds in its NMI; by the port, before it sends that.
void note_wish(Core_id core, std::uint64_t epoch);

/// The last watch is over when it was not renewed for so long, and then again after each interval.
inline constexpr Nanoseconds last_watch_patience{2'000'000'000};
inline constexpr Nanoseconds last_watch_interval{500'000'000};

/// By core 0, between two NMIs of it at most: as long as it gets here, it does not hang. When the watch is over, every
/// core takes an NMI and asks itself. False: the machine has no such device, and cores that hang together stay so.
bool renew_last_watch();

/// The core's side, in the NMI: `in_port` says that it interrupted the port (arch/) itself, whose steps nobody can
/// undo; `watch_is_over`, that the wish is for the crossing of now, if there is one. After `discard`, prepare_discard()
/// is due, and the way out by the port.
Hang_answer answer_hang(bool in_port, bool watch_is_over);

} // namespace ovm::arch
