#pragma once

#include <cstdint>

#include "arch/x86_64/paging.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

/// What each core has for itself: top-level table, window, GDT, TSS, stacks.
namespace ovm::arch
{

/// The stacks of a core in the stack area, and the guard pages between them.
Host_virtual core_stack_top(Core_id core);
bool is_guard_page(Host_virtual at);

/// Makes a core's tables, window and stacks out of boot's memory; returns its top-level table. `shared` lends the
/// shared slots: it is core 0's tree, which this call fills with its own parts when `core` is 0.
Page_tables make_core(Core_id core, Node_id node, Page_tables shared);

/// Loads control registers, GDT, TSS and IDT of the core that runs this, on its own tables.
void load_core_state();

/// Why this processor cannot run OVM, or nullptr. Safe at any time after the trap table is loaded.
const char* missing_feature();

} // namespace ovm::arch
