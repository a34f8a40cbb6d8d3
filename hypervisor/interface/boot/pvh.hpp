#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "interface/boot/entry_state.hpp"
#include "memory/guest_memory.hpp"

namespace ovm::interface
{

/// Puts an ELF kernel and its initial RAM disk (which may be empty) into a VM as Xen's PVH boot ABI describes it
/// (xen/docs/misc/pvh.pandoc; include/public/arch-x86/hvm/start_info.h): entry in 32-bit mode at the address of the
/// note XEN_ELFNOTE_PHYS32_ENTRY, EBX the address of hvm_start_info version 1 at layout::start_info. Failure: the
/// memory may be partly written.
std::expected<Entry_state, Load_error> load_pvh(memory::Guest_memory& memory, std::span<const std::uint8_t> kernel,
                                                std::span<const std::uint8_t> initrd, std::string_view command_line);

} // namespace ovm::interface
