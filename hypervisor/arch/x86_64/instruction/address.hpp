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

/// The low `size` bytes.
OVM_VERIFIED [[nodiscard]] constexpr uint64_t truncate(uint64_t value, uint8_t size)
{
    return size >= 8 ? value : value & ((uint64_t{1} << (8 * size)) - 1);
}

/// The memory operand that ModRM and SIB name, into an `operand` that is as it was made. Requires mod != 11.
void fill_modrm_operand(const Layout& layout, std::span<const uint8_t> bytes, Mode mode, Memory_operand& operand);

/// The memory operand of MOV's opcodes A0 to A3: an offset without registers.
void fill_offset_operand(const Layout& layout, std::span<const uint8_t> bytes, Memory_operand& operand);

} // namespace ovm::arch::instruction
