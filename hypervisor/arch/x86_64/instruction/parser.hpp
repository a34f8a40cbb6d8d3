#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

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
        OVM_REQUIRES_THAT(invariant() && position_ == 0 && failure_ == 0 && layout_.is_within(0));
        OVM_REQUIRES_THAT(layout_.has_sound_prefixes());
        OVM_MODIFIES(*this);
        auto const bytes = OVM_OLD(bytes_.size());
        auto const parsed = OVM_RESULT(run());
        OVM_ENSURES(!parsed.has_value() || (layout_.length >= 1 && layout_.length <= bytes));
        OVM_ENSURES(!parsed.has_value() || layout_.is_within(layout_.length));
        OVM_ENSURES(!parsed.has_value() || (layout_.has_sound_prefixes() && layout_.has_sound_sizes()));
        return parsed;
    }

    /// Requires that run() succeeded.
    const Layout& layout() const { return layout_; }

private:
    OVM_CLASS_INVARIANT bool invariant() const { return bytes_.size() <= maximum_length; }

    /// For proofs: the first byte was taken, if there was one.
    bool is_begun() const { return position_ <= bytes_.size() && (position_ != 0 || failure_ != 0); }

    static constexpr uint8_t exhausted = 1;
    static constexpr uint8_t refused = 2;

    bool long64() const { return mode_ == Mode::long64; }

    OVM_VERIFIED uint8_t take();
    OVM_VERIFIED uint8_t peek();
    OVM_VERIFIED void skip(uint8_t count);

    OVM_VERIFIED uint8_t parse_prefixes(uint8_t byte);
    OVM_VERIFIED void note_prefix(uint8_t byte);
    OVM_VERIFIED void decide_sizes();
    OVM_VERIFIED uint8_t parse_opcode(uint8_t opcode);
    OVM_VERIFIED uint8_t parse_two_byte();
    OVM_VERIFIED uint8_t parse_escape();
    OVM_VERIFIED uint8_t parse_vex(uint8_t map);
    OVM_VERIFIED uint8_t parse_evex();
    OVM_VERIFIED uint8_t parse_xop();
    OVM_VERIFIED uint8_t parse_vector(Opcode_map family, uint8_t map);
    OVM_VERIFIED void parse_operands(uint8_t encoding);
    OVM_VERIFIED void parse_modrm();
    OVM_VERIFIED void add_displacement();
    OVM_VERIFIED void add_displacement16();
    OVM_VERIFIED uint8_t immediate_size(uint8_t kind);
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
