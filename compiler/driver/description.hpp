#pragma once

#include <vector>

#include "files.hpp"

namespace ovm::compiler
{

/// A module's folder: what module.toml says, and its sources.
struct Module_description
{
    Path folder{};
    std::string name{};
    std::uint32_t version = 0;
    std::string meaning{};
    std::vector<Path> sources{}; ///< in the order of their names
    std::vector<Path> headers{};
};

Done<Module_description> read_module_folder(const Path& folder);

} // namespace ovm::compiler
