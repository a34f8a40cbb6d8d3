#pragma once

#include "weaver.hpp"

#include <string>

namespace ovm::compiler
{

/// Runs the compiler's preprocessor over the aspects and the source. False, and a problem: it failed.
[[nodiscard]] bool preprocess(const Weaving_request& request, std::string& text, Weaving& weaving);

} // namespace ovm::compiler
