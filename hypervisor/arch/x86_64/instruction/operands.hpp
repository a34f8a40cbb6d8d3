#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include "arch/x86_64/instruction/decoded.hpp"
#include "arch/x86_64/instruction/form_table.hpp"
#include "arch/x86_64/instruction/layout.hpp"

namespace ovm::arch::instruction
{

/// Fills in what `form` says about the operands of the instruction that `layout` describes, into a `decoded` that is
/// as it was made. False if an operand does not exist (CR1, a register where only memory can be, LOCK where it is not
/// allowed).
/// Requires `layout.length <= bytes.size()`, and no group left in `form`.
[[nodiscard]] bool decode_operands(std::span<const uint8_t> bytes, Mode mode, const Layout& layout, Form form,
                                   Decoded& decoded);

/// `decode` without its first look.
[[nodiscard]] std::expected<Decoded, Decode_error> decode_any(std::span<const uint8_t> bytes, Mode mode);

} // namespace ovm::arch::instruction
