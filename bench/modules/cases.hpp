#pragma once

#include <cstdint>
#include <string>

namespace ovm::bench
{

/// One line: in this case the module's figure, and the built-in's.
void compare(const std::string& what, const std::string& unit, std::uint64_t module, const std::string& built_in,
             std::uint64_t other);

void compare_populations();
void compare_frames();
void compare_placements();

} // namespace ovm::bench
