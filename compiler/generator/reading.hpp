#pragma once

#include "declarations.hpp"
#include "generator.hpp"

namespace ovm::compiler
{

/// Reads the sources as one translation unit. What they include as `*.generated.hpp` is taken for empty, and bodies of
/// functions are skipped, as they may need what is yet to be written.
/// Adds to the dependencies and the problems of `generating`; with a problem, the declarations are incomplete.
[[nodiscard]] Declarations read_declarations(const Generating_request& request, const std::vector<std::string>& sources,
                                             Generating& generating);

} // namespace ovm::compiler
