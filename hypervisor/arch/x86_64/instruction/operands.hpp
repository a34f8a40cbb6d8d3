#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include "arch/x86_64/instruction/decoded.hpp"
#include "arch/x86_64/instruction/form_table.hpp"
#include "arch/x86_64/instruction/layout.hpp"
#include "base/contract.hpp"

namespace ovm::arch::instruction
{

/// Fills in what `form` says about the operands of the instruction that `layout` describes, into a `decoded` that is
/// as it was made. False if an operand does not exist (CR1, a register where only memory can be, LOCK where it is not
/// allowed).
/// Requires `layout.length <= bytes.size()`, and no group left in `form`.
[[nodiscard]] bool decode_operands(std::span<const uint8_t> bytes, Mode mode, const Layout& layout, Form form,
                                   Decoded& decoded);

OVM_CONTRACT inline bool contract_of_decode_operands(std::span<const uint8_t> bytes, Mode mode, const Layout& layout,
                                                     Form form, Decoded& decoded)
{
    OVM_REQUIRES_THAT(layout.length >= 1 && layout.length <= maximum_length && layout.length <= bytes.size());
    OVM_REQUIRES_THAT(layout.is_within(layout.length) && layout.has_sound_prefixes() && layout.has_sound_sizes());
    OVM_REQUIRES_THAT(layout.displacement_size <= 4 && layout.immediate_size <= 8);
    OVM_REQUIRES_THAT(form.shape < Shape::group_1 && form.size <= 1);
    OVM_REQUIRES_THAT(layout.map < Opcode_map::vex || form.shape == Shape::none);
    OVM_REQUIRES_THAT(decoded.memory.exists() && !decoded.memory.base && !decoded.memory.index);
    OVM_REQUIRES_THAT(decoded.memory.scale == 1 && !decoded.memory.rip_relative && !decoded.has_memory);
    OVM_REQUIRES_THAT(decoded.destination == Operand{} && decoded.source == Operand{});
    OVM_REQUIRES_THAT(decoded.prefixes == Prefixes{});
    OVM_MODIFIES(decoded);
    auto const length = OVM_OLD(layout.length);
    auto const map = OVM_OLD(layout.map);
    auto const opcode = OVM_OLD(layout.opcode);
    auto const modrm = OVM_OLD(layout.modrm);
    bool const exists = OVM_RESULT(decode_operands(bytes, mode, layout, form, decoded));
    OVM_ENSURES(decoded.length == length && decoded.operation == form.operation);
    OVM_ENSURES(decoded.map == map && decoded.opcode == opcode && decoded.modrm == modrm);
    return exists;
}

/// `decode` without its first look.
[[nodiscard]] std::expected<Decoded, Decode_error> decode_any(std::span<const uint8_t> bytes, Mode mode);

} // namespace ovm::arch::instruction
