#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/x86_64/instruction/decoded.hpp"

namespace ovm::arch::instruction
{

/// Where the parts of one instruction lie: what its bytes say before anyone asks what it does.
/// Sixteen bytes without a bool: every instruction of an emulated device access is decoded through one of these.
struct Layout
{
    /// Bits of `flags`: which prefixes there are, and whether there is a ModRM byte.
    static constexpr uint8_t operand_prefix = 0x01; ///< 66
    static constexpr uint8_t address_prefix = 0x02; ///< 67
    static constexpr uint8_t lock = 0x04;
    static constexpr uint8_t rep = 0x08;
    static constexpr uint8_t repne = 0x10;
    static constexpr uint8_t has_modrm = 0x20;

    static constexpr uint8_t no_segment = 0xFF;

    uint8_t length{0};
    Opcode_map map{Opcode_map::one_byte};
    uint8_t opcode{0};
    uint8_t modrm{0};
    uint8_t sib{0};
    uint8_t rex{0};          ///< the REX byte, or 0
    uint8_t operand_size{0}; ///< 2, 4, 8
    uint8_t address_size{0}; ///< 2, 4, 8
    uint8_t displacement_at{0};
    uint8_t displacement_size{0};
    uint8_t immediate_at{0};
    uint8_t immediate_size{0};
    uint8_t flags{0};
    uint8_t segment_override{no_segment}; ///< Segment_register

    [[nodiscard]] constexpr bool has(uint8_t any_flag) const { return (flags & any_flag) != 0; }

    /// The segment of a memory operand that would be in `standard`.
    [[nodiscard]] constexpr Segment_register segment_or(Segment_register standard) const
    {
        return segment_override == no_segment ? standard : static_cast<Segment_register>(segment_override);
    }

    /// Whether the parts that are read again lie within so many bytes.
    [[nodiscard]] constexpr bool is_within(size_t bytes) const
    {
        return displacement_at + displacement_size <= bytes && immediate_at + immediate_size <= bytes;
    }

    /// For proofs: whether it is as it was made.
    [[nodiscard]] constexpr bool is_blank() const
    {
        return length == 0 && map == Opcode_map::one_byte && opcode == 0 && modrm == 0 && sib == 0 && rex == 0 &&
               operand_size == 0 && address_size == 0 && displacement_at == 0 && displacement_size == 0 &&
               immediate_at == 0 && immediate_size == 0 && flags == 0 && segment_override == no_segment;
    }

    /// For proofs: an immediate is the last part.
    [[nodiscard]] constexpr bool ends_with_immediate() const
    {
        return immediate_size == 0 ||
               (immediate_at + immediate_size == length && displacement_at + displacement_size <= immediate_at);
    }

    /// For proofs: whether there is such a segment, and at most one of REP and REPNE.
    [[nodiscard]] constexpr bool has_sound_prefixes() const
    {
        return (segment_override == no_segment || segment_override <= 5) && !(has(rep) && has(repne));
    }

    /// For proofs, too: whether there are such sizes.
    [[nodiscard]] constexpr bool has_sound_sizes() const
    {
        return (operand_size == 2 || operand_size == 4 || operand_size == 8) &&
               (address_size == 2 || address_size == 4 || address_size == 8);
    }

    [[nodiscard]] constexpr uint8_t mod() const { return static_cast<uint8_t>(modrm >> 6); }

    [[nodiscard]] constexpr uint8_t reg() const { return static_cast<uint8_t>((modrm >> 3) & 7); }

    [[nodiscard]] constexpr uint8_t rm() const { return static_cast<uint8_t>(modrm & 7); }

    [[nodiscard]] constexpr bool rex_w() const { return (rex & 8) != 0; }

    /// What REX.R, REX.X and REX.B add to a register number.
    [[nodiscard]] constexpr uint8_t extend_reg() const { return (rex & 4) != 0 ? 8 : 0; }

    [[nodiscard]] constexpr uint8_t extend_index() const { return (rex & 2) != 0 ? 8 : 0; }

    [[nodiscard]] constexpr uint8_t extend_base() const { return (rex & 1) != 0 ? 8 : 0; }

    /// 66, F2 and F3 select other instructions in most of the 0F maps (APM 1.2.1).
    [[nodiscard]] constexpr bool has_mandatory_prefix() const { return has(operand_prefix | rep | repne); }
};

} // namespace ovm::arch::instruction
