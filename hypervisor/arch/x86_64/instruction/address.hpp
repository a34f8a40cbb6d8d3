#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/x86_64/instruction/decoded.hpp"
#include "arch/x86_64/instruction/layout.hpp"
#include "base/contract.hpp"

namespace ovm::arch::instruction
{

/// `size` bytes from bytes[at], least first, for a size that the compiler knows: one load.
template <uint8_t size>
[[nodiscard]] constexpr uint64_t read_bytes(std::span<const uint8_t> bytes, size_t at)
{
    const std::span<const uint8_t, size> part = bytes.subspan(at).first<size>();
    uint64_t value = 0;
    for (uint8_t number = 0; number < size; ++number)
    {
        value |= uint64_t{part[number]} << (8 * number);
    }
    return value;
}

/// A signed number of `size` bytes from bytes[at]; none is 0. Of sizes that only far pointers (4 or 6 bytes) and ENTER
/// (3 bytes) have, the offset or the word comes first and is all that is read.
[[nodiscard]] constexpr int64_t read_signed(std::span<const uint8_t> bytes, size_t at, uint8_t size)
{
    switch (size)
    {
    case 0:
        return 0;
    case 1:
        return static_cast<int8_t>(bytes[at]);
    case 2:
    case 3:
        return static_cast<int16_t>(read_bytes<2>(bytes, at));
    case 8:
        return static_cast<int64_t>(read_bytes<8>(bytes, at));
    default:
        return static_cast<int32_t>(read_bytes<4>(bytes, at));
    }
}

/// The range of what is read, not which bytes: proofs about operands need no more.
OVM_CONTRACT inline int64_t contract_of_read_signed(std::span<const uint8_t> bytes, size_t at, uint8_t size)
{
    OVM_REQUIRES_THAT(at <= maximum_length && size <= 8 && at + size <= bytes.size());
    OVM_MODIFIES();
    auto const value = OVM_RESULT(read_signed(bytes, at, size));
    OVM_ENSURES(size != 0 || value == 0);
    OVM_ENSURES(size != 1 || value == static_cast<int8_t>(value));
    OVM_ENSURES((size != 2 && size != 3) || value == static_cast<int16_t>(value));
    OVM_ENSURES(size == 8 || value == static_cast<int32_t>(value));
    return value;
}

/// The low `size` bytes.
[[nodiscard]] constexpr uint64_t truncate(uint64_t value, uint8_t size)
{
    return size >= 8 ? value : value & ((uint64_t{1} << (8 * size)) - 1);
}

OVM_CONTRACT inline uint64_t contract_of_truncate(uint64_t value, uint8_t size)
{
    OVM_MODIFIES();
    auto const low = OVM_RESULT(truncate(value, size));
    OVM_ENSURES(size < 8 || low == value);
    OVM_ENSURES(size != 0 || low == 0);
    OVM_ENSURES(size == 0 || size >= 8 || (low >> (8 * size) == 0 && (low ^ value) << (64 - 8 * size) == 0));
    return low;
}

/// The memory operand that ModRM and SIB name, into an `operand` that is as it was made. Requires mod != 11.
void fill_modrm_operand(const Layout& layout, std::span<const uint8_t> bytes, Mode mode, Memory_operand& operand);

OVM_CONTRACT inline void contract_of_fill_modrm_operand(const Layout& layout, std::span<const uint8_t> bytes, Mode mode,
                                                        Memory_operand& operand)
{
    OVM_REQUIRES_THAT(layout.is_within(bytes.size()) && layout.has_sound_prefixes() && layout.displacement_size <= 4);
    OVM_REQUIRES_THAT(layout.displacement_at <= maximum_length);
    OVM_REQUIRES_THAT(!operand.base && !operand.index && operand.scale == 1 && !operand.rip_relative);
    OVM_MODIFIES(operand);
    bool const short_one = OVM_OLD(layout.address_size == 2);
    bool const sib = OVM_OLD(!short_one && layout.rm() == 4);
    bool const no_offset = OVM_OLD(layout.mod() == 0);
    auto const rm = OVM_OLD(layout.rm());
    auto const low = OVM_OLD(sib ? layout.sib & 7 : rm);
    auto const high = OVM_OLD(layout.extend_base());
    auto const index = OVM_OLD(((layout.sib >> 3) & 7) | layout.extend_index());
    auto const scale = OVM_OLD(1 << (layout.sib >> 6));
    auto const size = OVM_OLD(layout.displacement_size);
    auto const in_data = OVM_OLD(layout.segment_or(Segment_register::ds));
    auto const in_stack = OVM_OLD(layout.segment_or(Segment_register::ss));
    OVM_RESULT(fill_modrm_operand(layout, bytes, mode, operand));
    auto const base = operand.base.value_or(0);
    OVM_ENSURES(operand.exists());
    OVM_ENSURES(operand.base.has_value() == !(no_offset && low == (short_one ? 6 : 5)));
    OVM_ENSURES(short_one || !operand.base || base == (low | high));
    OVM_ENSURES(!short_one || !operand.base || base == (rm < 4 ? rm < 2 ? 3 : 5 : rm < 6 ? rm + 2 : rm == 6 ? 5 : 3));
    OVM_ENSURES(operand.index.has_value() == (short_one ? rm < 4 : sib && index != 4));
    OVM_ENSURES(!operand.index || *operand.index == (short_one ? 6 + rm % 2 : index));
    OVM_ENSURES(operand.scale == (sib && operand.index ? scale : 1));
    OVM_ENSURES(operand.rip_relative == (mode == Mode::long64 && !short_one && no_offset && rm == 5));
    OVM_ENSURES(operand.segment == (base == 4 || base == 5 ? in_stack : in_data));
    OVM_ENSURES(size != 0 || operand.displacement == 0);
    OVM_ENSURES(size != 1 || operand.displacement == static_cast<int8_t>(operand.displacement));
    OVM_ENSURES(operand.displacement == static_cast<int32_t>(operand.displacement));
}

/// The memory operand of MOV's opcodes A0 to A3: an offset without registers.
void fill_offset_operand(const Layout& layout, std::span<const uint8_t> bytes, Memory_operand& operand);

OVM_CONTRACT inline void contract_of_fill_offset_operand(const Layout& layout, std::span<const uint8_t> bytes,
                                                         Memory_operand& operand)
{
    OVM_REQUIRES_THAT(layout.is_within(bytes.size()) && layout.has_sound_prefixes() && layout.immediate_size <= 8);
    OVM_REQUIRES_THAT(layout.immediate_at <= maximum_length);
    OVM_MODIFIES(operand.displacement, operand.segment);
    auto const size = OVM_OLD(layout.immediate_size);
    auto const in_data = OVM_OLD(layout.segment_or(Segment_register::ds));
    OVM_RESULT(fill_offset_operand(layout, bytes, operand));
    OVM_ENSURES(operand.segment == in_data && in_data <= Segment_register::gs);
    OVM_ENSURES(size >= 8 || static_cast<uint64_t>(operand.displacement) >> (8 * size) == 0);
}

} // namespace ovm::arch::instruction
