#pragma once

#include "problem.hpp"

namespace ovm::compiler
{

/// The errors among what Clang said, each with the first note behind it.
std::vector<Problem> read_diagnostics(const std::string& text);

} // namespace ovm::compiler
