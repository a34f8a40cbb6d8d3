#pragma once

#include <string>
#include <string_view>

#include "launcher/description/request.hpp"

namespace ovm::launcher
{

/// Reads the value of --guest: `key=value` pairs with commas between them, a comma inside a value written twice.
/// `where` names the option in complaints.
Checked<Guest_request> parse_guest_option(std::string_view text, const std::string& where);

} // namespace ovm::launcher
