#pragma once

#include <string>
#include <vector>

namespace ovm::compiler
{

/// A compiler's command line, taken apart.
struct Compile_command
{
    std::string source;
    std::string object;
    std::vector<std::string> flags;        ///< the compiler and all but what follows
    std::vector<std::string> dependencies; ///< -MD, -MF and their kin: for the preprocessor, who sees the headers
};

/// False: there is not exactly one source in it.
[[nodiscard]] bool take_apart(const std::vector<std::string>& command, Compile_command& parts);

} // namespace ovm::compiler
