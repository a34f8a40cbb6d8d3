#include "arch/x86_64/instruction/decoder.hpp"

#include "arch/x86_64/instruction/address.hpp"
#include "arch/x86_64/instruction/form_table.hpp"
#include "arch/x86_64/instruction/operands.hpp"

namespace ovm::arch::instruction
{
namespace
{

constexpr uint8_t rex_w = 8;
constexpr uint8_t rex_r = 4;
constexpr uint8_t rex_x = 2;
constexpr uint8_t rex_b = 1;

/// Decodes what most accesses to devices in memory are, and answers what `decode_any` would: 64-bit code, no prefix but
/// REX, MOV or arithmetic between a register and memory by a one-byte opcode. It takes less than half of the
/// instructions that the whole decoder does. False, with `decoded` as it was, if the instruction is anything else.
inline bool decode_plain_access(std::span<const uint8_t, maximum_length> bytes, Decoded& decoded)
{
    const uint8_t rex = (bytes[0] & 0xF0) == 0x40 ? bytes[0] : 0;
    unsigned at = rex != 0 ? 1 : 0;
    const uint8_t opcode = bytes[at++];
    const Form form = one_byte_forms[opcode];
    const uint8_t modrm = bytes[at++];
    const unsigned mod = modrm >> 6;
    unsigned base = modrm & 7;
    // RIP-relative addresses need no speed, and high bytes no place here.
    if ((form.shape != Shape::rm_reg && form.shape != Shape::reg_rm) || mod == 3 || (mod == 0 && base == 5) ||
        (form.size == 1 && rex == 0 && (modrm & 0x20) != 0))
    {
        return false;
    }
    bool absolute = false;
    if (base == 4)
    {
        const uint8_t sib = bytes[at++];
        base = sib & 7;
        absolute = mod == 0 && base == 5; // how Linux reaches its local APIC
        const auto index = static_cast<uint8_t>(((sib >> 3) & 7) | ((rex & rex_x) << 2));
        if (index != 4)
        {
            decoded.memory.index = index;
            decoded.memory.scale = static_cast<uint8_t>(1U << (sib >> 6));
        }
    }
    if (mod == 1)
    {
        decoded.memory.displacement = static_cast<int8_t>(bytes[at++]);
    }
    else if (mod == 2 || absolute)
    {
        decoded.memory.displacement = static_cast<int32_t>(read_bytes<4>(bytes, at));
        at += 4;
    }
    if (!absolute)
    {
        decoded.memory.base = static_cast<uint8_t>(base | ((rex & rex_b) << 3));
        if ((base == 4 || base == 5) && (rex & rex_b) == 0)
        {
            decoded.memory.segment = Segment_register::ss;
        }
    }
    const uint8_t size = form.size != 0 ? form.size : (rex & rex_w) != 0 ? 8 : 4;
    const Operand memory{.kind = Operand::Kind::memory, .number = 0, .size = size, .high_byte = false};
    const Operand general{.kind = Operand::Kind::general,
                          .number = static_cast<uint8_t>(((modrm >> 3) & 7) | ((rex & rex_r) << 1)),
                          .size = size,
                          .high_byte = false};
    if (form.shape == Shape::rm_reg)
    {
        decoded.destination = memory;
        decoded.source = general;
    }
    else
    {
        decoded.destination = general;
        decoded.source = memory;
    }
    decoded.length = static_cast<uint8_t>(at);
    decoded.operation = form.operation;
    decoded.operand_size = size;
    decoded.address_size = 8;
    decoded.opcode = opcode;
    decoded.modrm = modrm;
    decoded.has_memory = true;
    return true;
}

} // namespace

std::expected<Decoded, Decode_error> decode(std::span<const uint8_t> bytes, Mode mode)
{
    // Instructions without operands are skipped by `length`; whole ones are decoded for devices in memory.
    if (mode == Mode::long64 && bytes.size() >= maximum_length)
    {
        std::expected<Decoded, Decode_error> result(std::in_place);
        if (decode_plain_access(bytes.first<maximum_length>(), *result))
        {
            OVM_PROMISES(result->is_sound());
            return result;
        }
    }
    return decode_any(bytes, mode);
}

} // namespace ovm::arch::instruction
