#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "arch/x86_64/instruction/decoded.hpp"

namespace ovm::fuzz
{

/// Decodes `bytes` with OVM's decoder and with Zydis; answers what they disagree about, or nothing.
/// What Zydis accepts, OVM must accept with the same length, and for the instructions in Operation with the same
/// operands. OVM may accept more. The exceptions stand, each with its reason, in oracle.cpp and
/// comparison.cpp.
std::optional<std::string> disagreement(std::span<const uint8_t> bytes, arch::instruction::Mode mode);

} // namespace ovm::fuzz
