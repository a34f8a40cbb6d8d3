#pragma once

#include "declarations.hpp"

namespace ovm::compiler
{

/// The contents of what `source` includes, of its declarations.
[[nodiscard]] std::string write_file(const std::string& source, const Declarations& declarations);

} // namespace ovm::compiler
