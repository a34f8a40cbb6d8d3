#pragma once

#include "arch/x86_64/paging.hpp"
#include "base/strong.hpp"

/// Bringing up the other cores.
namespace ovm::arch
{

/// Takes memory for every core that ACPI named, and orders them: the one that runs this is core 0, and with
/// `boot-core=idle` another one, if there is one.
void prepare_cores(const Boot_information& information);
/// Whether the core that runs this is core 0.
bool is_core_0();
/// On boot's stack, where is_core_0() does not hold: starts core 0, which goes on with run_core_0(), and halts for
/// good.
[[noreturn]] void hand_over();
/// The first core's life after boot.
[[noreturn]] void run_core_0();
/// Goes on with `next` on the stack that ends at `top`.
[[noreturn]] void go_on(Host_virtual top, void (*next)());
/// On a core's own tables and stack: loads its state and enables its interrupt controller and timer.
void enter_core();

} // namespace ovm::arch
