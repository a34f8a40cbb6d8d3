#pragma once

#include <cstdint>
#include <span>

namespace ovm::fuzz
{

/// Gives the loader what the bytes say: the first one chooses how.
/// - 0: the rest is a module's signed part, but for its magic and size;
/// - 1: the rest is a module's code. If it passes the scan, another decoder must agree that it may;
/// - 2: as 0, signed: the signature must be good, and after a flipped bit, which the bytes choose, it must not be.
/// Ends the process when the loader does something wrong.
void try_module(std::span<const std::uint8_t> bytes);

} // namespace ovm::fuzz
