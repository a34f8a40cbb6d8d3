#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "interface/boot/copies.hpp"
#include "interface/boot/entry_state.hpp"

namespace ovm::interface
{

/// Puts an ELF kernel and its initial RAM disk (which may be empty) into a VM as Xen's PVH boot ABI describes it
/// (xen/docs/misc/pvh.pandoc; include/public/arch-x86/hvm/start_info.h): entry in 32-bit mode at the address of the
/// note XEN_ELFNOTE_PHYS32_ENTRY, EBX the address of hvm_start_info version 1 at layout::start_info. What is
/// long is left in `copies`, which the VM needs before it runs. Failure: the memory may be partly written.
std::expected<Entry_state, Load_error> load_pvh(Copies& copies, std::span<const std::uint8_t> kernel,
                                                std::span<const std::uint8_t> initrd, std::string_view command_line);

} // namespace ovm::interface
