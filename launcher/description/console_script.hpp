#pragma once

#include <string>
#include <string_view>

#include "launcher/failure.hpp"

namespace ovm::launcher
{

/// Reads a console script: commands for OVM's own console, one a line, each after its time
/// (docs/reference/machine-description.md). Returns the form that OVM plays (docs/reference/boot-archive.md):
/// `NANOSECONDS COMMAND` in each line, in order of time. Complaints begin with FILE:LINE.
Checked<std::string> read_console_script(const std::string& file);

/// The same for text at hand; `file` names it in complaints.
Checked<std::string> parse_console_script(std::string_view text, const std::string& file);

} // namespace ovm::launcher
