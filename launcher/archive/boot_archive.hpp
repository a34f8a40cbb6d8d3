#pragma once

#include <string>
#include <vector>

#include "launcher/description/machine.hpp"

namespace ovm::launcher
{

/// Names of files that OVM itself may use, beside its guests.
struct Site_files
{
    std::vector<std::string> modules{}; ///< into `modules/`
    std::vector<std::string> keys{};    ///< into `keys/`
};

/// The boot archive that OVM reads (docs/reference/boot-archive.md): machine.conf, then the console script unless it
/// is empty, the site's files, then those that machine.conf names. A file that several guests share is in it once.

Checked<std::string> make_boot_archive(const Machine& machine, const std::string& console_script = "",
                                       const Site_files& site = {});

} // namespace ovm::launcher
