#pragma once

#include <string>

#include "launcher/description/machine.hpp"

namespace ovm::launcher
{

/// The boot archive that OVM reads (docs/reference/boot-archive.md): machine.conf, then the console script unless it
/// is empty, then the files that machine.conf names. A file that several guests share is in it once.
Checked<std::string> make_boot_archive(const Machine& machine, const std::string& console_script = "");

} // namespace ovm::launcher
