#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arch/boot.hpp"
#include "arch/processor.hpp"
#include "arch/serial.hpp"

/// The machine that unit tests shape: its clock moves when they say, its cores are threads that say who they are.
namespace ovm::arch::hosted
{

/// Physical memory: [0, memory_size), all of it RAM, zero after reset(). Costs only the pages that are touched.
inline constexpr Bytes memory_size{std::uint64_t{16} << 30};

/// A fresh machine: `cores` cores spread evenly over `nodes` nodes, time 0, memory zero, nothing recorded. Call it
/// while no other thread acts as a core.
void reset(std::uint32_t cores = 1, std::uint32_t nodes = 1);

/// The calling thread is that core from now on; a thread that never says so is core 0.
void become_core(Core_id core);

/// A neighbour may end a crossing of the calling thread's core that hangs (arch/hang.hpp); the thread outlives that.
void let_hangs_end();
/// Nobody renewed the last watch: all those threads answer it.
void end_last_watch();
/// How often it was renewed, since the process began.
std::uint64_t last_watch_renewals();

/// Moves the clock, forwards only; cores that sleep until a deadline before it wake.
void set_time(Ticks now);
void advance(Nanoseconds duration);
/// Ticks of each further time_stamp() call move the clock by so much; 0 (as after reset) keeps it still.
void tick_on_each_look(Ticks step);

/// What was asked of the hardware since reset().
std::uint64_t kicks(Core_id core);
std::optional<Ticks> timer(Core_id core);
/// How often the core forgot a module (arch/module_memory.hpp), since the process began.
std::uint64_t renewals(Core_id core);

/// Bytes written to COM1 and COM2 since last asked, and a key pressed.
std::string take_terminal_output();
std::string take_record_output();
std::string take_screen_output();
/// How many more bytes the transmitters take before they are busy; unlimited after reset().
void limit_output(std::uint64_t bytes);
void press_key(std::uint8_t byte, Serial line = Serial::terminal);

} // namespace ovm::arch::hosted
