#pragma once

#include <array>
#include <set>

#include "tools.hpp"

namespace ovm::compiler
{

/// What a module was compiled against, for one family: compared with the hypervisor's when the module is loaded.
struct Interface
{
    Family family{};
    /// SHA-256 over the family's header as the preprocessor leaves it: a comment may change, a member may not.
    std::array<std::uint8_t, 32> hash{};
    std::set<Path> files{}; ///< the header, and all that it includes
};

Done<std::vector<Interface>> read_interfaces(const Tools& tools);

} // namespace ovm::compiler
