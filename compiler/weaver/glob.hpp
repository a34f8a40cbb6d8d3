#pragma once

#include <string_view>

namespace ovm::compiler
{

/// Whether a text is of a glob's form: `*` is any part of one name (no `:`), `**` anything, every other character
/// itself.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text);

} // namespace ovm::compiler
