#pragma once

#include <string>

#include "launcher/description/machine.hpp"

namespace ovm::launcher
{

/// The boot archive that OVM reads (docs/reference/boot-archive.md): machine.conf, then the files that it names. A file
/// that several guests share is in it once.
Checked<std::string> make_boot_archive(const Machine& machine);

} // namespace ovm::launcher
