#pragma once

#include <string>

#include "launcher/description/request.hpp"

namespace ovm::launcher
{

/// Reads a machine description (docs/reference/machine-description.md). Complaints begin with FILE:LINE. Relative file
/// names in it start at its own folder.
Checked<Machine_request> read_description(const std::string& file);

/// The same for text at hand; `file` names it in complaints.
Checked<Machine_request> parse_description(const std::string& text, const std::string& file, const std::string& folder);

} // namespace ovm::launcher
