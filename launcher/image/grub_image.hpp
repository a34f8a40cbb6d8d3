#pragma once

#include <string>
#include <string_view>

#include "launcher/failure.hpp"

namespace ovm::launcher
{

struct Grub_settings
{
    std::string ovm;          ///< the hypervisor's image
    std::string_view archive; ///< the boot archive's bytes
    std::string command_line; ///< for OVM
    bool at_once = false;     ///< no menu: an emulator boots it
    bool bios_only = false;
};

/// The menu that boots OVM by Multiboot2, with the archive as its one module.
std::string grub_menu(const Grub_settings& settings);

/// Writes a disk image for BIOS and UEFI computers that boots OVM and its guests; works on CD and on a stick.
Checked<> write_grub_image(const std::string& file, const Grub_settings& settings);

} // namespace ovm::launcher
