#include "arch/x86_64/instruction/parser.hpp"

#include <array>
#include <utility>

#include "arch/x86_64/instruction/length_table.hpp"

namespace ovm::arch::instruction
{
namespace
{

/// Vector forms of PSHUF and shifts by an immediate (70 to 73), CMPPS (C2), PINSRW, PEXTRW, SHUFPS (C4 to C6).
constexpr bool has_vector_immediate(uint8_t opcode)
{
    return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xC2 || (opcode >= 0xC4 && opcode <= 0xC6);
}

/// Where the 0F map has a byte, too, but for SHLD, SHRD and group 8.
OVM_CONTRACT bool contract_of_has_vector_immediate(uint8_t opcode)
{
    OVM_MODIFIES();
    bool const has_byte = OVM_RESULT(has_vector_immediate(opcode));
    OVM_ENSURES(has_byte == ((two_byte_lengths[opcode] & Encoding::immediate_mask) == Encoding::byte &&
                             opcode != 0xA4 && opcode != 0xAC && opcode != 0xBA));
    return has_byte;
}

struct Sizes
{
    uint8_t operand{0};
    uint8_t address{0};
};

/// By mode, and by Layout's operand_prefix and address_prefix.
constexpr std::array<Sizes, 16> default_sizes{{
    {2, 2},
    {4, 2},
    {2, 4},
    {4, 4}, // real16
    {2, 2},
    {4, 2},
    {2, 4},
    {4, 4}, // protected16
    {4, 4},
    {2, 4},
    {4, 2},
    {2, 2}, // protected32
    {4, 8},
    {2, 8},
    {4, 4},
    {2, 4}, // long64
}};

} // namespace

void Parser::note_prefix(uint8_t byte)
{
    // A REX prefix counts only directly before the opcode (APM 1.2.7).
    layout_.rex = 0;
    switch (byte)
    {
    case 0x26:
    case 0x2E:
    case 0x36:
    case 0x3E:
        if (!long64())
        {
            layout_.segment_override = (byte >> 3) & 3;
        }
        break;
    case 0x64:
        layout_.segment_override = std::to_underlying(Segment_register::fs);
        break;
    case 0x65:
        layout_.segment_override = std::to_underlying(Segment_register::gs);
        break;
    case 0x66:
        layout_.flags |= Layout::operand_prefix;
        break;
    case 0x67:
        layout_.flags |= Layout::address_prefix;
        break;
    case 0xF0:
        layout_.flags |= Layout::lock;
        break;
    default:
        layout_.flags &= static_cast<uint8_t>(~(Layout::rep | Layout::repne));
        layout_.flags |= byte == 0xF3 ? Layout::rep : Layout::repne;
        break;
    }
}

/// From the first byte on; answers the first byte of the opcode.
uint8_t Parser::parse_prefixes(uint8_t byte)
{
    for (;;)
    {
        OVM_LOOP_INVARIANT(has_read_prefixes() && (failure_ == 0 || byte == 0));
        // Bytes come to an end, and what comes behind it is no prefix.
        OVM_VARIANT(2 * (bytes_.size() - std::min<size_t>(position_, bytes_.size())) + (byte != 0 ? 1 : 0));
        if ((one_byte_lengths[byte] & Encoding::prefix) != 0)
        {
            note_prefix(byte);
        }
        else if (long64() && (byte & 0xF0) == 0x40)
        {
            layout_.rex = byte;
        }
        else
        {
            return byte;
        }
        byte = take();
    }
}

/// APM 1.2.2 "Operand-Size Override Prefix", 1.2.3 "Address-Size Override Prefix".
[[gnu::always_inline]] inline void Parser::decide_sizes()
{
    const Sizes sizes = default_sizes[(std::to_underlying(mode_) & 3) * 4 +
                                      (layout_.flags & (Layout::operand_prefix | Layout::address_prefix))];
    layout_.operand_size = layout_.rex_w() ? 8 : sizes.operand;
    layout_.address_size = sizes.address;
}

/// Answers the Encoding of what follows the opcode, as do all below.
[[gnu::always_inline]] inline uint8_t Parser::parse_opcode(uint8_t opcode)
{
    layout_.opcode = opcode;
    const uint8_t encoding = one_byte_lengths[opcode];
    if ((encoding & Encoding::immediate_mask) == Encoding::escape)
    {
        return opcode == 0x0F ? parse_two_byte() : parse_escape();
    }
    if (long64() && (encoding & Encoding::not_in_long64) != 0)
    {
        refuse();
    }
    return encoding;
}

Decode_error Parser::error() const
{
    if ((failure_ & exhausted) == 0)
    {
        return Decode_error::invalid;
    }
    return bytes_.size() >= maximum_length ? Decode_error::too_long : Decode_error::truncated;
}

uint8_t Parser::parse_two_byte()
{
    layout_.map = Opcode_map::two_byte;
    layout_.opcode = take();
    switch (layout_.opcode)
    {
    case 0x0F:
        layout_.map = Opcode_map::now_3d;
        return Encoding::modrm | Encoding::byte;
    case 0x38:
        layout_.map = Opcode_map::map_0f38;
        layout_.opcode = take();
        return Encoding::modrm;
    case 0x3A:
        layout_.map = Opcode_map::map_0f3a;
        layout_.opcode = take();
        return Encoding::modrm | Encoding::byte;
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
        // MOV to and from control and debug registers: mod is taken as 11 whatever it says (APM, "MOV CRn").
        layout_.flags |= Layout::has_modrm;
        layout_.modrm = take() | 0xC0;
        return Encoding::plain;
    case 0x78:
        // SSE4a: EXTRQ (66) and INSERTQ (F2) have two immediate bytes; without a prefix it is VMREAD.
        return layout_.has(Layout::repne) || (layout_.has(Layout::operand_prefix) && !layout_.has(Layout::rep))
                   ? Encoding::modrm | Encoding::word
                   : Encoding::modrm;
    default:
        return two_byte_lengths[layout_.opcode];
    }
}

/// The one-byte opcodes that are instructions of their own or the first byte of VEX, EVEX or XOP.
uint8_t Parser::parse_escape()
{
    const uint8_t next = peek();
    if (layout_.opcode == 0x8F)
    {
        return (next & 0x1F) >= 8 ? parse_xop() : Encoding::modrm; // POP
    }
    if (!long64() && next < 0xC0)
    {
        return Encoding::modrm; // LES, LDS, BOUND
    }
    switch (layout_.opcode)
    {
    case 0xC4:
        skip(1);
        return parse_vex(next & 0x1F);
    case 0xC5:
        return parse_vex(1);
    default:
        return parse_evex();
    }
}

/// APM 1.2.8 "VEX and XOP Prefixes". Called before the byte with vvvv, L and pp.
uint8_t Parser::parse_vex(uint8_t map)
{
    skip(1);
    return parse_vector(Opcode_map::vex, map);
}

/// Intel's manual, volume 2, 2.7 "Intel AVX-512 Encoding".
uint8_t Parser::parse_evex()
{
    const uint8_t first = take();
    const uint8_t second = take();
    skip(1);
    if ((first & 0x08) != 0 || (second & 0x04) == 0)
    {
        refuse();
    }
    return parse_vector(Opcode_map::evex, first & 0x07);
}

uint8_t Parser::parse_xop()
{
    const uint8_t map = take() & 0x1F;
    skip(1);
    return parse_vector(Opcode_map::xop, map);
}

/// From the opcode on, all three families are alike but for their maps.
uint8_t Parser::parse_vector(Opcode_map family, uint8_t map)
{
    // No 66, F2, F3, LOCK or REX may precede.
    if (mode_ == Mode::real16 || layout_.rex != 0 || layout_.has(Layout::lock) || layout_.has_mandatory_prefix())
    {
        refuse();
    }
    layout_.map = family;
    layout_.opcode = take();
    switch (map)
    {
    case 1:
        if (family == Opcode_map::vex && layout_.opcode == 0x77)
        {
            return Encoding::plain; // VZEROUPPER and VZEROALL have no ModRM.
        }
        if (layout_.opcode >= 0x80 && layout_.opcode < 0x90)
        {
            refuse(); // Knights Corner's branches; no other processor has them.
        }
        return has_vector_immediate(layout_.opcode) ? Encoding::modrm | Encoding::byte : Encoding::modrm;
    case 2:
    case 5:
    case 6:
    case 9:
        return Encoding::modrm;
    case 3:
    case 8:
        return Encoding::modrm | Encoding::byte;
    case 7:
    case 10:
        return Encoding::modrm | Encoding::dword;
    default:
        refuse();
        return Encoding::plain;
    }
}

[[gnu::always_inline]] inline void Parser::parse_operands(uint8_t encoding)
{
    if ((encoding & Encoding::modrm) != 0)
    {
        parse_modrm();
    }
    const uint8_t kind = encoding & Encoding::immediate_mask;
    if (kind != Encoding::plain)
    {
        layout_.immediate_at = position_;
        layout_.immediate_size = immediate_size(kind);
        skip(layout_.immediate_size);
    }
}

uint8_t Parser::immediate_size(uint8_t kind)
{
    const uint8_t operand = layout_.operand_size == 2 ? 2 : 4;
    switch (kind)
    {
    case Encoding::byte:
        return 1;
    case Encoding::word:
        return 2;
    case Encoding::dword:
        return 4;
    case Encoding::operand:
        return operand;
    case Encoding::full_operand:
        return layout_.operand_size;
    case Encoding::offset:
        return layout_.address_size;
    case Encoding::far_pointer:
        return operand + 2;
    case Encoding::word_and_byte:
        return 3;
    case Encoding::group_3_byte:
        return layout_.reg() < 2 ? 1 : 0;
    case Encoding::group_3_operand:
        return layout_.reg() < 2 ? operand : 0;
    default:
        refuse();
        return 0;
    }
}

[[gnu::always_inline]] inline void Parser::parse_modrm()
{
    layout_.modrm = take();
    layout_.flags |= Layout::has_modrm;
    if (layout_.mod() == 3)
    {
        return;
    }
    if (layout_.address_size == 2)
    {
        add_displacement16();
    }
    else
    {
        add_displacement();
    }
}

/// APM 1.4.1, table "16-Bit Memory Addressing".
void Parser::add_displacement16()
{
    const bool absolute = layout_.mod() == 0 && layout_.rm() == 6;
    layout_.displacement_at = position_;
    layout_.displacement_size = absolute ? 2 : layout_.mod();
    skip(layout_.displacement_size);
}

/// APM 1.4.1 and 1.4.2 "SIB Byte Format".
[[gnu::always_inline]] inline void Parser::add_displacement()
{
    uint8_t base = layout_.rm();
    if (base == 4)
    {
        layout_.sib = take();
        base = layout_.sib & 7;
    }
    layout_.displacement_at = position_;
    if (layout_.mod() == 1)
    {
        layout_.displacement_size = 1;
    }
    else if (layout_.mod() == 2 || base == 5)
    {
        layout_.displacement_size = 4;
    }
    skip(layout_.displacement_size);
}

std::expected<void, Decode_error> Parser::run()
{
    uint8_t opcode = take();
    if ((one_byte_lengths[opcode] & Encoding::prefix) != 0 || (opcode & 0xF0) == 0x40)
    {
        opcode = parse_prefixes(opcode);
    }
    decide_sizes();
    parse_operands(parse_opcode(opcode));
    if (failure_ != 0)
    {
        return std::unexpected(error());
    }
    layout_.length = position_;
    return {};
}

std::expected<uint8_t, Decode_error> full_length(std::span<const uint8_t> bytes, Mode mode)
{
    Parser parser(bytes, mode);
    const std::expected<void, Decode_error> parsed = parser.run();
    if (!parsed)
    {
        return std::unexpected(parsed.error());
    }
    return parser.layout().length;
}

} // namespace ovm::arch::instruction
