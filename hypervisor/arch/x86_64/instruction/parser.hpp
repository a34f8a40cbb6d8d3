#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "arch/x86_64/instruction/decoder.hpp"
#include "arch/x86_64/instruction/layout.hpp"
#include "base/contract.hpp"

namespace ovm::arch::instruction
{

/// Reads an instruction's bytes in order and fills a Layout.
/// Invariant: a read beyond the end answers 0 and is remembered in failure_. The tables lead from there to an end
///            after a few steps more, so only the end looks at it.
class Parser final
{
public:
    Parser(std::span<const uint8_t> bytes, Mode mode)
        : bytes_(bytes.first(std::min<size_t>(bytes.size(), maximum_length))), mode_(mode)
    {
    }

    /// Finds the parts of the instruction at bytes[0]; errors as for `decode`.
    std::expected<void, Decode_error> run();
    OVM_CONTRACT std::expected<void, Decode_error> contract_of_run()
    {
        OVM_REQUIRES_THAT(invariant() && position_ == 0 && failure_ == 0 && layout_.is_blank());
        OVM_MODIFIES(*this);
        auto const bytes = OVM_OLD(bytes_.size());
        auto const parsed = OVM_RESULT(run());
        OVM_ENSURES(parsed.has_value() == (failure_ == 0));
        OVM_ENSURES(parsed.has_value() || (parsed.error() == Decode_error::invalid) == ((failure_ & exhausted) == 0));
        OVM_ENSURES(parsed.has_value() || parsed.error() != Decode_error::truncated || bytes < maximum_length);
        OVM_ENSURES(parsed.has_value() || parsed.error() != Decode_error::too_long || bytes >= maximum_length);
        OVM_ENSURES(!parsed.has_value() || (layout_.length >= 1 && layout_.length <= bytes));
        OVM_ENSURES(!parsed.has_value() || layout_.is_within(layout_.length));
        OVM_ENSURES(!parsed.has_value() || layout_.ends_with_immediate());
        OVM_ENSURES(!parsed.has_value() || (layout_.displacement_size <= 4 && layout_.immediate_size <= 8));
        OVM_ENSURES(!parsed.has_value() || (layout_.has_sound_prefixes() && layout_.has_sound_sizes()));
        OVM_ENSURES(!parsed.has_value() || layout_.rex == 0 || (long64() && layout_.rex >> 4 == 4));
        return parsed;
    }

    /// Requires that run() succeeded.
    const Layout& layout() const { return layout_; }

private:
    OVM_CLASS_INVARIANT bool invariant() const { return bytes_.size() <= maximum_length; }

    static constexpr uint8_t exhausted = 1;
    static constexpr uint8_t refused = 2;

    bool long64() const { return mode_ == Mode::long64; }

    /// For proofs: what was read ends where the bytes do, or before. Otherwise that is remembered, and it ends not far
    /// behind.
    bool is_near(unsigned behind) const
    {
        return invariant() && (position_ <= bytes_.size() || (failure_ & exhausted) != 0) &&
               position_ <= bytes_.size() + behind;
    }
    /// Everything before the first byte of the opcode is prefixes.
    bool has_read_prefixes() const
    {
        return invariant() && position_ <= bytes_.size() && (position_ != 0 || failure_ != 0) &&
               failure_ <= exhausted && layout_.has_sound_prefixes() && !layout_.has(Layout::has_modrm) &&
               (layout_.rex == 0 || (long64() && layout_.rex >> 4 == 4));
    }

    uint8_t take();
    OVM_CONTRACT uint8_t contract_of_take()
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES(position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        auto const byte = OVM_RESULT(take());
        OVM_ENSURES(at < bytes_.size() || byte == 0);
        OVM_ENSURES(position_ == (at < bytes_.size() ? at + 1 : at));
        OVM_ENSURES(failure_ == (at < bytes_.size() ? failure : failure | exhausted));
        return byte;
    }
    uint8_t peek();
    OVM_CONTRACT uint8_t contract_of_peek()
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES(failure_);
        auto const failure = OVM_OLD(failure_);
        auto const byte = OVM_RESULT(peek());
        OVM_ENSURES(position_ < bytes_.size() || byte == 0);
        OVM_ENSURES(failure_ == (position_ < bytes_.size() ? failure : failure | exhausted));
        return byte;
    }
    void skip(uint8_t count);
    OVM_CONTRACT void contract_of_skip(uint8_t count)
    {
        OVM_REQUIRES_THAT(invariant() && position_ <= 2 * maximum_length && count <= 2 * maximum_length);
        OVM_MODIFIES(position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        OVM_RESULT(skip(count));
        OVM_ENSURES(position_ == at + count);
        OVM_ENSURES(failure_ == (position_ <= bytes_.size() ? failure : failure | exhausted));
    }

    uint8_t parse_prefixes(uint8_t byte);
    OVM_CONTRACT uint8_t contract_of_parse_prefixes(uint8_t byte)
    {
        OVM_REQUIRES_THAT(has_read_prefixes() && failure_ == 0 && byte != 0);
        OVM_MODIFIES(layout_.rex, layout_.flags, layout_.segment_override, position_, failure_);
        auto const opcode = OVM_RESULT(parse_prefixes(byte));
        OVM_ENSURES(has_read_prefixes() && (failure_ == 0 || opcode == 0));
        return opcode;
    }
    void note_prefix(uint8_t byte);
    OVM_CONTRACT void contract_of_note_prefix(uint8_t byte)
    {
        OVM_REQUIRES_THAT((one_byte_lengths[byte] & Encoding::prefix) != 0 && layout_.has_sound_prefixes());
        OVM_MODIFIES(layout_.rex, layout_.flags, layout_.segment_override);
        auto const flags = OVM_OLD(layout_.flags);
        auto const segment = OVM_OLD(layout_.segment_override);
        OVM_RESULT(note_prefix(byte));
        OVM_ENSURES(layout_.rex == 0 && layout_.has_sound_prefixes());
        OVM_ENSURES(layout_.has(Layout::operand_prefix) == (byte == 0x66 || (flags & Layout::operand_prefix) != 0));
        OVM_ENSURES(layout_.has(Layout::address_prefix) == (byte == 0x67 || (flags & Layout::address_prefix) != 0));
        OVM_ENSURES(layout_.has(Layout::lock) == (byte == 0xF0 || (flags & Layout::lock) != 0));
        OVM_ENSURES(layout_.has(Layout::rep) == (byte == 0xF3 || (byte != 0xF2 && (flags & Layout::rep) != 0)));
        OVM_ENSURES(layout_.has(Layout::repne) == (byte == 0xF2 || (byte != 0xF3 && (flags & Layout::repne) != 0)));
        OVM_ENSURES(layout_.flags >> 5 == flags >> 5);
        OVM_ENSURES(layout_.segment_override == (byte == 0x64               ? 4
                                                 : byte == 0x65             ? 5
                                                 : long64() || byte >= 0x60 ? segment
                                                                            : (byte - 0x26) / 8));
    }
    void decide_sizes();
    OVM_CONTRACT void contract_of_decide_sizes()
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES(layout_.operand_size, layout_.address_size);
        OVM_RESULT(decide_sizes());
        auto const mode = std::to_underlying(mode_) & 3;
        bool const short_mode = mode < 2;
        bool const short_operand = short_mode != layout_.has(Layout::operand_prefix);
        bool const other_address = layout_.has(Layout::address_prefix);
        OVM_ENSURES(layout_.operand_size == (layout_.rex_w() ? 8 : short_operand ? 2 : 4));
        OVM_ENSURES(mode != 3 || layout_.address_size == (other_address ? 4 : 8));
        OVM_ENSURES(mode == 3 || layout_.address_size == (short_mode != other_address ? 2 : 4));
    }

    uint8_t parse_opcode(uint8_t opcode);
    OVM_CONTRACT uint8_t contract_of_parse_opcode(uint8_t opcode)
    {
        OVM_REQUIRES_THAT(is_near(0) && layout_.map == Opcode_map::one_byte && !layout_.has(Layout::has_modrm));
        OVM_MODIFIES(layout_.map, layout_.opcode, layout_.modrm, layout_.flags, position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        auto const flags = OVM_OLD(layout_.flags);
        auto const encoding = OVM_RESULT(parse_opcode(opcode));
        OVM_ENSURES(is_near(2) && position_ >= at && (failure_ & failure) == failure);
        OVM_ENSURES((layout_.flags & ~Layout::has_modrm) == flags);
        OVM_ENSURES(layout_.map != Opcode_map::one_byte || (layout_.opcode == opcode && position_ == at));
        OVM_ENSURES((layout_.map == Opcode_map::one_byte) || (opcode == 0x0F) == (layout_.map < Opcode_map::vex));
        return encoding;
    }
    uint8_t parse_two_byte();
    OVM_CONTRACT uint8_t contract_of_parse_two_byte()
    {
        OVM_REQUIRES_THAT(is_near(0) && !layout_.has(Layout::has_modrm));
        OVM_MODIFIES(layout_.map, layout_.opcode, layout_.modrm, layout_.flags, position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        auto const flags = OVM_OLD(layout_.flags);
        auto const modrm = OVM_OLD(layout_.modrm);
        auto const encoding = OVM_RESULT(parse_two_byte());
        bool const of_map = layout_.map == Opcode_map::two_byte;
        bool const third = layout_.map == Opcode_map::map_0f38 || layout_.map == Opcode_map::map_0f3a;
        bool const moves = of_map && layout_.opcode >= 0x20 && layout_.opcode <= 0x23;
        bool const extends = of_map && layout_.opcode == 0x78;
        bool const two_immediates =
            layout_.has(Layout::repne) || (layout_.has(Layout::operand_prefix) && !layout_.has(Layout::rep));
        OVM_ENSURES(is_near(0) && position_ >= at && (failure_ == failure || failure_ == (failure | exhausted)));
        OVM_ENSURES((failure_ & exhausted) != 0 || position_ == at + (third || moves ? 2 : 1));
        OVM_ENSURES(of_map || third || (layout_.map == Opcode_map::now_3d && layout_.opcode == 0x0F));
        OVM_ENSURES(!of_map || (layout_.opcode != 0x0F && layout_.opcode != 0x38 && layout_.opcode != 0x3A));
        OVM_ENSURES(layout_.flags == (moves ? flags | Layout::has_modrm : flags));
        OVM_ENSURES(moves ? layout_.mod() == 3 : layout_.modrm == modrm);
        OVM_ENSURES(layout_.map != Opcode_map::map_0f38 || encoding == Encoding::modrm);
        OVM_ENSURES(layout_.map < Opcode_map::map_0f3a || encoding == (Encoding::modrm | Encoding::byte));
        OVM_ENSURES(!moves || encoding == Encoding::plain);
        OVM_ENSURES(!extends || encoding == (Encoding::modrm | (two_immediates ? Encoding::word : 0)));
        OVM_ENSURES(!of_map || moves || extends || encoding == two_byte_lengths[layout_.opcode]);
        return encoding;
    }
    uint8_t parse_escape();
    OVM_CONTRACT uint8_t contract_of_parse_escape()
    {
        OVM_REQUIRES_THAT(is_near(0) && layout_.map == Opcode_map::one_byte);
        OVM_REQUIRES_THAT(layout_.opcode == 0x62 || layout_.opcode == 0x8F || layout_.opcode >> 1 == 0x62);
        OVM_MODIFIES(layout_.map, layout_.opcode, position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        auto const opcode = OVM_OLD(layout_.opcode);
        auto const encoding = OVM_RESULT(parse_escape());
        bool const one_byte = layout_.map == Opcode_map::one_byte;
        auto const taken = opcode == 0xC5 ? 2 : opcode == 0x62 ? 4 : 3;
        OVM_ENSURES(is_near(2) && position_ >= at && (failure_ & failure) == failure);
        OVM_ENSURES(!one_byte || !long64() || opcode == 0x8F);
        OVM_ENSURES((layout_.map == Opcode_map::vex) == (opcode >> 1 == 0x62 && !one_byte));
        OVM_ENSURES((layout_.map == Opcode_map::evex) == (opcode == 0x62 && !one_byte));
        OVM_ENSURES((layout_.map == Opcode_map::xop) == (opcode == 0x8F && !one_byte));
        OVM_ENSURES(!one_byte || (encoding == Encoding::modrm && layout_.opcode == opcode && position_ == at));
        OVM_ENSURES(one_byte || (failure_ & exhausted) != 0 || position_ == at + taken);
        return encoding;
    }
    uint8_t parse_vex(uint8_t map);
    uint8_t parse_evex();
    uint8_t parse_xop();
    uint8_t parse_vector(Opcode_map family, uint8_t map);
    OVM_CONTRACT uint8_t contract_of_parse_vector(Opcode_map family, uint8_t map)
    {
        OVM_REQUIRES_THAT(is_near(2));
        OVM_MODIFIES(layout_.map, layout_.opcode, position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        auto const encoding = OVM_RESULT(parse_vector(family, map));
        auto const opcode = layout_.opcode;
        bool const prefixed = layout_.rex != 0 || layout_.has(Layout::lock) || layout_.has_mandatory_prefix();
        bool const unknown = map == 0 || map == 4 || map > 10;
        bool const short_one = family == Opcode_map::vex && map == 1 && opcode == 0x77;
        bool const refuses = mode_ == Mode::real16 || prefixed || unknown || (map == 1 && opcode >> 4 == 8);
        OVM_ENSURES(layout_.map == family);
        OVM_ENSURES(position_ == (at < bytes_.size() ? at + 1 : at));
        OVM_ENSURES(failure_ == (failure | (at < bytes_.size() ? 0 : exhausted) | (refuses ? refused : 0)));
        OVM_ENSURES(refuses || ((encoding & Encoding::modrm) == 0) == short_one);
        OVM_ENSURES(refuses || (map != 3 && map != 8) || encoding == (Encoding::modrm | Encoding::byte));
        OVM_ENSURES(refuses || (map != 7 && map != 10) || encoding == (Encoding::modrm | Encoding::dword));
        OVM_ENSURES(refuses || map == 1 || map == 3 || map >= 7 || encoding == Encoding::modrm);
        OVM_ENSURES((encoding & ~Encoding::modrm) < Encoding::word || map == 7 || map == 10);
        return encoding;
    }

    void parse_operands(uint8_t encoding);
    OVM_CONTRACT void contract_of_parse_operands(uint8_t encoding)
    {
        OVM_REQUIRES_THAT(is_near(2) && layout_.has_sound_sizes() && layout_.is_within(0));
        OVM_MODIFIES(layout_.modrm, layout_.sib, layout_.flags, layout_.displacement_at, layout_.displacement_size,
                     layout_.immediate_at, layout_.immediate_size, position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        auto const flags = OVM_OLD(layout_.flags);
        OVM_RESULT(parse_operands(encoding));
        bool const modrm = (encoding & Encoding::modrm) != 0;
        bool const immediate = (encoding & Encoding::immediate_mask) != 0;
        OVM_ENSURES(is_near(2 + 4 + 8) && position_ >= at && (failure_ & failure) == failure);
        OVM_ENSURES(layout_.flags == (modrm ? flags | Layout::has_modrm : flags));
        OVM_ENSURES(modrm || layout_.displacement_size == 0);
        OVM_ENSURES(immediate || layout_.immediate_size == 0);
        OVM_ENSURES(!immediate || layout_.immediate_at + layout_.immediate_size == position_);
        OVM_ENSURES(layout_.is_within(position_));
        OVM_ENSURES(layout_.displacement_size <= 4 && layout_.immediate_size <= 8);
        OVM_ENSURES(layout_.displacement_at + layout_.displacement_size <= position_ - layout_.immediate_size);
    }
    void parse_modrm();
    OVM_CONTRACT void contract_of_parse_modrm()
    {
        OVM_REQUIRES_THAT(is_near(2) && layout_.has_sound_sizes() && layout_.is_within(0));
        OVM_MODIFIES(layout_.modrm, layout_.sib, layout_.flags, layout_.displacement_at, layout_.displacement_size,
                     position_, failure_);
        auto const at = OVM_OLD(position_);
        auto const failure = OVM_OLD(failure_);
        auto const flags = OVM_OLD(layout_.flags);
        OVM_RESULT(parse_modrm());
        bool const short_one = layout_.address_size == 2;
        bool const sib = layout_.mod() != 3 && !short_one && layout_.rm() == 4;
        auto const base = sib ? layout_.sib % 8 : layout_.rm();
        bool const absolute = layout_.mod() == 0 && base == (short_one ? 6 : 5);
        OVM_ENSURES(is_near(2 + 4) && position_ >= at && (failure_ & failure) == failure);
        OVM_ENSURES(layout_.flags == (flags | Layout::has_modrm));
        OVM_ENSURES(layout_.displacement_size == (layout_.mod() == 1               ? 1
                                                  : layout_.mod() == 2 || absolute ? short_one ? 2 : 4
                                                                                   : 0));
        OVM_ENSURES(layout_.displacement_at + layout_.displacement_size == (layout_.mod() == 3 ? 0 : position_));
        OVM_ENSURES((failure_ & exhausted) != 0 || position_ == at + (sib ? 2 : 1) + layout_.displacement_size);
    }
    void add_displacement();
    void add_displacement16();
    uint8_t immediate_size(uint8_t kind);
    OVM_CONTRACT uint8_t contract_of_immediate_size(uint8_t kind)
    {
        OVM_REQUIRES_THAT(layout_.has_sound_sizes());
        OVM_MODIFIES(failure_);
        auto const failure = OVM_OLD(failure_);
        auto const size = OVM_RESULT(immediate_size(kind));
        auto const operand = layout_.operand_size == 2 ? 2 : 4;
        OVM_ENSURES(size <= 8 &&
                    failure_ == (kind == 0 || kind > Encoding::group_3_operand ? failure | refused : failure));
        OVM_ENSURES(kind < Encoding::byte || kind > Encoding::dword || size == 1 << (kind - Encoding::byte));
        OVM_ENSURES(kind != Encoding::operand || size == operand);
        OVM_ENSURES(kind != Encoding::full_operand || size == layout_.operand_size);
        OVM_ENSURES(kind != Encoding::offset || size == layout_.address_size);
        OVM_ENSURES(kind != Encoding::far_pointer || size == operand + 2);
        OVM_ENSURES(kind != Encoding::word_and_byte || size == 3);
        OVM_ENSURES(kind != Encoding::group_3_byte || size == (layout_.reg() < 2 ? 1 : 0));
        OVM_ENSURES(kind != Encoding::group_3_operand || size == (layout_.reg() < 2 ? operand : 0));
        return size;
    }
    Decode_error error() const;
    void refuse();

    std::span<const uint8_t> bytes_;
    Layout layout_{};
    uint8_t position_{0};
    uint8_t failure_{0}; ///< exhausted, refused
    Mode mode_;
};

inline uint8_t Parser::take()
{
    if (position_ < bytes_.size())
    {
        return bytes_[position_++];
    }
    failure_ |= exhausted;
    return 0;
}

inline uint8_t Parser::peek()
{
    if (position_ < bytes_.size())
    {
        return bytes_[position_];
    }
    failure_ |= exhausted;
    return 0;
}

inline void Parser::skip(uint8_t count)
{
    position_ = static_cast<uint8_t>(position_ + count);
    failure_ |= position_ > bytes_.size() ? exhausted : 0;
}

inline void Parser::refuse()
{
    failure_ |= refused;
}

} // namespace ovm::arch::instruction
