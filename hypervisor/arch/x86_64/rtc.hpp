#pragma once

#include <cstdint>

namespace ovm::arch
{

/// Seconds since 1970 (UTC) by the PC's clock chip (MC146818A). `century` is its register for the century, or 0.
std::int64_t read_rtc(std::uint8_t century);

} // namespace ovm::arch
