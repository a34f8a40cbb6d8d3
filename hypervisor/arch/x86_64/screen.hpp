#pragma once

#include "arch/boot_information.hpp"
#include "arch/screen.hpp"

namespace ovm::arch
{

/// Uses the loader's screen through boot's page tables, if it lies in the first 4 GiB.
void find_screen(const Boot_information& information);
/// Moves to a mapping of its own, once OVM runs on its own page tables.
void map_screen();
/// Crash records are shown whatever `framebuffer=` said.
void unmute_screen();

} // namespace ovm::arch
