#pragma once

#include "arch/x86_64/trap.hpp"

/// The machine's side of arch/hang.hpp.
namespace ovm::arch
{

/// From now on an NMI may be such a wish, on any core; before, the windows may not be there yet.
void expect_hang_wishes();
/// An NMI on its own stack. True: the trap may return; to where the discarded crossing began, if it hung.
bool end_hanging_crossing(Trap_frame& frame);

} // namespace ovm::arch
