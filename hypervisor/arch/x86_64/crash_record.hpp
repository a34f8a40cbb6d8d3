#pragma once

#include "arch/x86_64/trap.hpp"

namespace ovm::arch
{

/// Prints and keeps the record of an exception in the hypervisor, with all other cores stopped; then stops or resets.
[[noreturn]] void crash(const Trap_frame& frame);

/// Whether an NMI means just that: to halt.
bool is_stopping();
/// All other cores halt where they are, by NMI.
void stop_other_cores();

/// Looks for the record of the run before, and prints it. Early, once.
void find_previous_crash();

} // namespace ovm::arch
