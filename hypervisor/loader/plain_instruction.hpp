#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/contract.hpp"

/// A first look at an instruction of a module: most of what compilers make is plain, and needs no decoder.
namespace ovm::loader
{

/// An instruction that modules may use, whatever its operands are: none is relative to RIP.
struct Plain_instruction
{
    std::uint8_t length = 0;
    std::optional<std::int32_t> branch{}; ///< direct, by so much from its end
};

/// What follows an opcode, and what has to hold.
struct Plain_opcode
{
    bool plain = false;
    bool modrm = false;
    bool memory_only = false;     ///< as LEA
    bool branch = false;          ///< the immediate is where to
    bool wide = false;            ///< with REX.W the immediate has 8 bytes, as of MOV
    std::uint8_t immediate = 0;   ///< bytes
    std::uint8_t registers = 255; ///< a bit for each ModRM.reg that there may be

    bool operator==(const Plain_opcode&) const = default;
};

/// Of each opcode, which of a few kinds it is; the first kind is not plain.
struct Plain_opcodes
{
    std::array<Plain_opcode, 20> kinds{};
    std::array<std::uint8_t, 256> one_byte{};
    std::array<std::uint8_t, 256> two_byte{};

    consteval std::uint8_t kind_of(const Plain_opcode& opcode)
    {
        std::uint8_t kind = 1;
        while (kinds[kind].plain && kinds[kind] != opcode)
            ++kind;
        kinds[kind] = opcode;
        return kind;
    }
    const Plain_opcode& of_one_byte(std::uint8_t opcode) const { return kinds[one_byte[opcode]]; }
    const Plain_opcode& of_two_bytes(std::uint8_t opcode) const { return kinds[two_byte[opcode]]; }
};

/// As long as the longest instruction, and a byte.
inline constexpr std::size_t plain_window = 16;

// APM appendix A. Each entry is a case of instruction_rules.hpp's that needs no other look.
consteval Plain_opcodes plain_opcodes()
{
    Plain_opcodes all{};
    auto const put = [&all](unsigned first, unsigned last, const Plain_opcode& entry)
    {
        for (unsigned opcode = first; opcode <= last; ++opcode)
            all.one_byte[opcode] = all.kind_of(entry);
    };
    for (unsigned group = 0; group < 0x40; group += 8) // ADD to CMP
    {
        put(group, group + 3, {.plain = true, .modrm = true});
        put(group + 4, group + 4, {.plain = true, .immediate = 1});
        put(group + 5, group + 5, {.plain = true, .immediate = 4});
    }
    put(0x50, 0x5f, {.plain = true});                                                   // PUSH, POP
    put(0x63, 0x63, {.plain = true, .modrm = true});                                    // MOVSXD
    put(0x68, 0x68, {.plain = true, .immediate = 4});                                   // PUSH
    put(0x69, 0x69, {.plain = true, .modrm = true, .immediate = 4});                    // IMUL
    put(0x6a, 0x6a, {.plain = true, .immediate = 1});                                   // PUSH
    put(0x6b, 0x6b, {.plain = true, .modrm = true, .immediate = 1});                    // IMUL
    put(0x70, 0x7f, {.plain = true, .branch = true, .immediate = 1});                   // Jcc
    put(0x80, 0x80, {.plain = true, .modrm = true, .immediate = 1});                    // group 1
    put(0x81, 0x81, {.plain = true, .modrm = true, .immediate = 4});                    //
    put(0x83, 0x83, {.plain = true, .modrm = true, .immediate = 1});                    //
    put(0x84, 0x8b, {.plain = true, .modrm = true});                                    // TEST, XCHG, MOV
    put(0x8d, 0x8d, {.plain = true, .modrm = true, .memory_only = true});               // LEA
    put(0x90, 0x99, {.plain = true});                                                   // NOP, XCHG, CBW, CWD
    put(0xa8, 0xa8, {.plain = true, .immediate = 1});                                   // TEST
    put(0xa9, 0xa9, {.plain = true, .immediate = 4});                                   //
    put(0xb0, 0xb7, {.plain = true, .immediate = 1});                                   // MOV
    put(0xb8, 0xbf, {.plain = true, .wide = true, .immediate = 4});                     //
    put(0xc0, 0xc1, {.plain = true, .modrm = true, .immediate = 1, .registers = 0xbf}); // shifts
    put(0xd0, 0xd3, {.plain = true, .modrm = true, .registers = 0xbf});                 //
    put(0xc3, 0xc3, {.plain = true});                                                   // RET
    put(0xc6, 0xc6, {.plain = true, .modrm = true, .immediate = 1, .registers = 1});    // MOV
    put(0xc7, 0xc7, {.plain = true, .modrm = true, .immediate = 4, .registers = 1});    //
    put(0xc9, 0xc9, {.plain = true});                                                   // LEAVE
    put(0xcc, 0xcc, {.plain = true});                                                   // INT3
    put(0xe8, 0xe9, {.plain = true, .branch = true, .immediate = 4});                   // CALL, JMP
    put(0xeb, 0xeb, {.plain = true, .branch = true, .immediate = 1});                   // JMP
    put(0xf6, 0xf6, {.plain = true, .modrm = true, .registers = 0xfc});                 // group 3 without TEST
    put(0xf7, 0xf7, {.plain = true, .modrm = true, .registers = 0xfc});                 //

    auto const put_two = [&all](unsigned first, unsigned last, const Plain_opcode& entry)
    {
        for (unsigned opcode = first; opcode <= last; ++opcode)
            all.two_byte[opcode] = all.kind_of(entry);
    };
    put_two(0x0b, 0x0b, {.plain = true});                                 // UD2
    put_two(0x40, 0x4f, {.plain = true, .modrm = true});                  // CMOVcc
    put_two(0x80, 0x8f, {.plain = true, .branch = true, .immediate = 4}); // Jcc
    put_two(0x90, 0x9f, {.plain = true, .modrm = true});                  // SETcc
    put_two(0xaf, 0xaf, {.plain = true, .modrm = true});                  // IMUL
    put_two(0xb6, 0xb7, {.plain = true, .modrm = true});                  // MOVZX
    put_two(0xbe, 0xbf, {.plain = true, .modrm = true});                  // MOVSX
    return all;
}

inline constexpr auto plain_table = plain_opcodes();

/// Nothing: it takes the decoder to say what this is.
inline std::optional<Plain_instruction> plain_instruction(std::span<const std::uint8_t, plain_window> bytes)
{
    constexpr unsigned rex_w = 8;
    unsigned at = 0;
    unsigned rex = 0;
    if ((bytes[0] & 0xf0) == 0x40)
        rex = bytes[at++];
    auto const first = bytes[at++];
    auto const& opcode = first == 0x0f ? plain_table.of_two_bytes(bytes[at++]) : plain_table.of_one_byte(first);
    if (!opcode.plain)
        return {};
    if (opcode.modrm)
    {
        auto const modrm = bytes[at++];
        auto const mod = modrm >> 6;
        auto base = modrm & 7;
        if ((opcode.registers >> (modrm >> 3 & 7) & 1) == 0 || (opcode.memory_only && mod == 3) ||
            (mod == 0 && base == 5))
            return {};
        if (mod != 3 && base == 4)
            base = bytes[at++] & 7;
        if (mod == 1)
            at += 1;
        else if (mod == 2 || (mod == 0 && base == 5))
            at += 4;
    }
    if (opcode.branch)
    {
        auto const displacement = opcode.immediate == 1
                                      ? std::int32_t{static_cast<std::int8_t>(bytes[at])}
                                      : static_cast<std::int32_t>(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
                                                                  static_cast<std::uint32_t>(bytes[at + 3]) << 24);
        return Plain_instruction{static_cast<std::uint8_t>(at + opcode.immediate), displacement};
    }
    at += opcode.wide && (rex & rex_w) != 0 ? 8 : opcode.immediate;
    return Plain_instruction{static_cast<std::uint8_t>(at)};
}

/// It lies in those bytes.
OVM_CONTRACT inline std::optional<Plain_instruction>
contract_of_plain_instruction(std::span<const std::uint8_t, plain_window> bytes)
{
    OVM_MODIFIES();
    auto const plain = OVM_RESULT(plain_instruction(bytes));
    OVM_ENSURES(!plain.has_value() || (plain->length > 0 && plain->length <= plain_window));
    return plain;
}

} // namespace ovm::loader
