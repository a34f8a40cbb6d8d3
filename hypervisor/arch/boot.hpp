#pragma once

#include <span>
#include <string_view>

#include "arch/boot_information.hpp"
#include "base/strong.hpp"

/// How the port hands the machine to the composition (hypervisor/boot), which defines ovm_main and core_main.
namespace ovm::boot
{

/// Runs once, on core 0, with its own page tables, traps, clock and interrupt controller. When it returns, core 0 goes
/// on to core_main.
void ovm_main(const arch::Boot_information& information);

/// What a core does for the rest of its life; on core 0 after ovm_main, on the others once arch::start_cores started
/// them. Must not return.
void core_main(Core_id core);

} // namespace ovm::boot

namespace ovm::arch
{

struct Free_range
{
    Range<Host_physical> range{};
    Node_id node{};
};

/// RAM that nobody uses, whole pages, sorted, each range in one node: neither the image, the archive, the loader's
/// information, the low 1 MiB nor what the port took for itself. The frame allocator takes it all, once.
std::span<const Free_range> free_memory();

/// Starts all other cores, which enter core_main. Call it on core 0 once memory is up. Returns how many run in total.
std::uint32_t start_cores();

} // namespace ovm::arch
