#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "interface/boot/copies.hpp"
#include "interface/boot/entry_state.hpp"

namespace ovm::interface
{

/// Puts a bzImage and its initial RAM disk into a VM as the Linux/x86 boot protocol 2.12 describes its 64-bit entry
/// (Documentation/arch/x86/boot.rst): boot_params with the memory map, the command line and the RSDP's address, an
/// identity map of the first 4 GiB, a GDT.
/// What is long is left in `copies`, which the VM needs before it runs. Failure: the memory may be partly written.
std::expected<Entry_state, Load_error> load_linux(Copies& copies, std::span<const std::uint8_t> kernel,
                                                  std::span<const std::uint8_t> initrd, std::string_view command_line);

} // namespace ovm::interface
