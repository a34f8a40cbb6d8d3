#pragma once

#include <cstdint>

namespace ovm::arch
{

/// An exception's name (APM volume 2, table 8-1).
const char* trap_name(std::uint64_t vector);

/// What check the trapping instruction at `rip` belongs to, as the compiler encodes it; nullptr if it is none.
const char* failed_check(std::uint64_t rip);

} // namespace ovm::arch
