#include "arch/x86_64/instruction/decoder.hpp"

#include <array>
#include <utility>

#include "arch/x86_64/instruction/form_table.hpp"
#include "arch/x86_64/instruction/group_table.hpp"
#include "arch/x86_64/instruction/operands.hpp"
#include "arch/x86_64/instruction/plain_access.hpp"

namespace ovm::arch::instruction
{
namespace
{

struct Default_sizes
{
    uint8_t operand{0};
    uint8_t address{0};
};

/// By mode, without prefixes (APM 1.2.2, 1.2.3).
constexpr std::array<Default_sizes, 4> default_sizes{{{2, 2}, {2, 2}, {4, 4}, {4, 8}}};

inline std::expected<Decoded, Decode_error> without_operands(Form form, uint8_t length, Opcode_map map, uint8_t opcode,
                                                             uint8_t modrm, Mode mode)
{
    std::expected<Decoded, Decode_error> result(std::in_place);
    const Default_sizes sizes = default_sizes[std::to_underlying(mode) & 3];
    result->length = length;
    result->operation = form.operation;
    result->operand_size = sizes.operand;
    result->address_size = sizes.address;
    result->map = map;
    result->opcode = opcode;
    result->modrm = modrm;
    return result;
}

constexpr bool may_be_plain_access(uint8_t first)
{
    const Shape shape = one_byte_forms[first].shape;
    return shape == Shape::rm_reg || shape == Shape::reg_rm || (first & 0xF0) == 0x40;
}

} // namespace

std::expected<Decoded, Decode_error> decode(std::span<const uint8_t> bytes, Mode mode)
{
    // First look: instructions without operands and prefixes are most of those that leave a guest.
    if (bytes.size() >= 3)
    {
        const uint8_t first = bytes[0];
        const uint8_t second = bytes[1];
        const uint8_t third = bytes[2];
        if (first != 0x0F)
        {
            const Form form = one_byte_forms[first];
            if (one_byte_lengths[first] == Encoding::plain && form.shape == Shape::none)
            {
                return without_operands(form, 1, Opcode_map::one_byte, first, 0, mode);
            }
        }
        else if (two_byte_lengths[second] == Encoding::plain)
        {
            return without_operands(two_byte_forms[second], 2, Opcode_map::two_byte, second, 0, mode);
        }
        else if (second == 0x01 && third >= 0xC0)
        {
            const Form form = group_7_register_forms[third & 0x3F];
            if (form.shape == Shape::none)
            {
                return without_operands(form, 3, Opcode_map::two_byte, second, third, mode);
            }
        }
    }
    if (mode == Mode::long64 && bytes.size() >= maximum_length && may_be_plain_access(bytes[0]))
    {
        std::expected<Decoded, Decode_error> result(std::in_place);
        if (decode_plain_access(bytes.first<maximum_length>(), *result))
        {
            return result;
        }
    }
    return decode_any(bytes, mode);
}

} // namespace ovm::arch::instruction
