#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include "arch/x86_64/instruction/decoded.hpp"

namespace ovm::arch::instruction
{

/// Decodes what most accesses to devices in memory are, and answers what `decode` would: 64-bit code, no prefix but
/// REX, MOV or arithmetic between a register and memory by a one-byte opcode. It takes less than half of the
/// instructions that the whole decoder does. False, with `decoded` as it was, if the instruction is anything else.
[[nodiscard]] bool decode_plain_access(std::span<const uint8_t, 15> bytes, Decoded& decoded);

} // namespace ovm::arch::instruction
