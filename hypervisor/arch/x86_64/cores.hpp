#pragma once

#include "arch/x86_64/paging.hpp"
#include "base/strong.hpp"

/// Bringing up the other cores.
namespace ovm::arch
{

/// Takes memory for every core that ACPI named, and orders them: the one that runs this is core 0.
void prepare_cores(const Boot_information& information);
/// On a core's own tables and stack: loads its state and enables its interrupt controller and timer.
void enter_core();

} // namespace ovm::arch
