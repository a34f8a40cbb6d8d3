#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "launcher/description/request.hpp"

namespace ovm::launcher
{

/// What the launcher must know of a kernel to refuse early what could not boot.
struct Kernel_facts
{
    Boot_protocol boot = Boot_protocol::linux_64;
    std::uint64_t memory_end = 0;         ///< the first guest address above what the loaded kernel needs
    std::size_t longest_command_line = 0; ///< in bytes
};

/// Looks at a kernel's headers: bzImage with a 64-bit entry (Linux, Documentation/arch/x86/boot.rst), ELF with the PVH
/// note XEN_ELFNOTE_PHYS32_ENTRY (Xen, docs/misc/pvh.pandoc), 32-bit ELF with a Multiboot header (Multiboot
/// Specification 0.6.96, section 3.1). Without `wanted` the first of these that fits decides. The failure's `where` is
/// empty; its `what` continues "kernel FILE ".
Checked<Kernel_facts> inspect_kernel(std::string_view bytes, std::optional<Boot_protocol> wanted);

std::string_view to_text(Boot_protocol boot);

} // namespace ovm::launcher
