#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "interface/boot/copies.hpp"
#include "interface/boot/entry_state.hpp"

namespace ovm::interface
{

/// A file that goes to the guest beside its kernel.
struct Multiboot_module
{
    std::span<const std::uint8_t> content{};
    std::string_view command_line{};
};

/// Puts a kernel and its modules into a VM as the Multiboot specification 0.6.96 describes it: loaded by the addresses
/// in its header, or as ELF; entry in 32-bit mode with the magic number in EAX and the address of the information
/// structure, at layout::start_info, in EBX.
/// What is long is left in `copies`, which the VM needs before it runs. Failure: the memory may be partly written.
std::expected<Entry_state, Load_error> load_multiboot(Copies& copies, std::span<const std::uint8_t> kernel,
                                                      std::span<const Multiboot_module> modules,
                                                      std::string_view command_line);

} // namespace ovm::interface
