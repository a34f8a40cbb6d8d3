#include <expected>
#include <span>
#include <utility>

#include "arch/x86_64/instruction/form_table.hpp"
#include "arch/x86_64/instruction/group_table.hpp"
#include "arch/x86_64/instruction/operands.hpp"
#include "arch/x86_64/instruction/parser.hpp"
#include "base/contract.hpp"

namespace ovm::arch::instruction
{
namespace
{

constexpr Form undefined{Operation::other, Shape::undefined};

[[gnu::noinline]] Form resolve_group(Form form, const Layout& layout)
{
    const bool in_memory = layout.mod() != 3;
    const uint8_t reg = layout.reg();
    Form found{};
    switch (form.shape)
    {
    case Shape::group_1:
        found = {group_1_operations[reg], Shape::rm_immediate};
        break;
    case Shape::group_3:
        found = group_3_forms[reg];
        break;
    case Shape::group_4:
    case Shape::group_5:
        if (reg < 2)
        {
            found = {reg == 0 ? Operation::inc : Operation::dec, Shape::rm};
        }
        else if (form.shape == Shape::group_4 || reg == 7)
        {
            return undefined;
        }
        break;
    case Shape::group_6:
        found = group_6_forms[reg];
        break;
    case Shape::group_7:
        found = in_memory ? group_7_memory_forms[reg] : group_7_register_forms[layout.modrm & 0x3F];
        if (found.operation == Operation::monitorx && layout.has(Layout::rep))
        {
            found = {}; // MCOMMIT
        }
        break;
    case Shape::group_8:
        if (reg < 4)
        {
            return undefined;
        }
        found = group_8_forms[reg];
        break;
    case Shape::group_9:
        if (in_memory && reg == 1)
        {
            found = {Operation::cmpxchg8b, Shape::rm_double};
        }
        break;
    case Shape::group_11:
        if (reg == 0)
        {
            found = {Operation::mov, Shape::rm_immediate};
        }
        else if (layout.modrm != 0xF8) // XABORT, XBEGIN
        {
            return undefined;
        }
        break;
    default:
        break;
    }
    found.size = form.size;
    return found;
}

OVM_CONTRACT Form contract_of_resolve_group(Form form, const Layout& layout)
{
    OVM_REQUIRES_THAT(form.shape >= Shape::group_1 && form.shape < Shape::undefined && form.size <= 1);
    OVM_MODIFIES();
    auto const found = OVM_RESULT(resolve_group(form, layout));
    OVM_ENSURES(found.shape < Shape::group_1 || found.shape == Shape::undefined);
    OVM_ENSURES(found.size == form.size || found.shape == Shape::undefined);
    return found;
}

inline Form resolve(Form form, const Layout& layout)
{
    return form.shape < Shape::group_1 ? form : resolve_group(form, layout);
}

Form find_one_byte_form(const Layout& layout, Mode mode)
{
    if (layout.opcode == 0x90)
    {
        if (layout.extend_base() != 0)
        {
            return Form{Operation::xchg, Shape::opcode_reg_accumulator};
        }
        return Form{layout.has(Layout::rep) ? Operation::pause : Operation::nop, Shape::none};
    }
    if (layout.opcode == 0x63 && mode != Mode::long64)
    {
        return Form{};
    }
    return resolve(one_byte_forms[layout.opcode], layout);
}

Form find_two_byte_form(const Layout& layout)
{
    if (layout.opcode == 0xC3 && layout.has_mandatory_prefix())
    {
        return undefined;
    }
    return resolve(two_byte_forms[layout.opcode], layout);
}

Form find_0f38_form(const Layout& layout)
{
    const bool plain = !layout.has(Layout::rep | Layout::repne);
    if (layout.opcode == 0xF0 && plain)
    {
        return Form{Operation::movbe, Shape::reg_memory};
    }
    if (layout.opcode == 0xF1 && plain)
    {
        return Form{Operation::movbe, Shape::memory_reg};
    }
    if (layout.opcode == 0x82 && plain && layout.has(Layout::operand_prefix))
    {
        return Form{Operation::invpcid, Shape::memory_address};
    }
    return Form{};
}

/// The form of an instruction, groups resolved; `undefined` if there is no such instruction.
Form find_form(const Layout& layout, Mode mode)
{
    switch (layout.map)
    {
    case Opcode_map::one_byte:
        return find_one_byte_form(layout, mode);
    case Opcode_map::two_byte:
        return find_two_byte_form(layout);
    case Opcode_map::map_0f38:
        return find_0f38_form(layout);
    default:
        return Form{};
    }
}

OVM_CONTRACT Form contract_of_find_form(const Layout& layout, Mode mode)
{
    OVM_MODIFIES();
    auto const form = OVM_RESULT(find_form(layout, mode));
    OVM_ENSURES((form.shape < Shape::group_1 && form.size <= 1) || form.shape == Shape::undefined);
    OVM_ENSURES(layout.map < Opcode_map::map_0f3a || (form.operation == Operation::other && form.shape == Shape::none));
    return form;
}

} // namespace

std::expected<Decoded, Decode_error> decode_any(std::span<const uint8_t> bytes, Mode mode)
{
    std::expected<Decoded, Decode_error> result(std::in_place);
    Parser parser(bytes, mode);
    if (const std::expected<void, Decode_error> parsed = parser.run(); !parsed)
    {
        result = std::unexpected(parsed.error());
        return result;
    }
    const Form form = find_form(parser.layout(), mode);
    if (form.shape == Shape::undefined || !decode_operands(bytes, mode, parser.layout(), form, *result))
    {
        result = std::unexpected(Decode_error::invalid);
    }
    return result;
}

OVM_CONTRACT std::expected<Decoded, Decode_error> contract_of_decode_any(std::span<const uint8_t> bytes, Mode mode)
{
    OVM_MODIFIES();
    auto const decoded = OVM_RESULT(decode_any(bytes, mode));
    OVM_ENSURES(!decoded.has_value() || decoded->lies_in(bytes.size()));
    return decoded;
}

} // namespace ovm::arch::instruction
