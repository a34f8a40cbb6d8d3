#pragma once

#include <array>
#include <cstdint>

/// What follows an opcode byte, for every opcode of the one-byte and the 0F map (APM appendix A.1).
namespace ovm::arch::instruction
{

/// A byte for each opcode. The low four bits name the immediate, the high bits say what else is special.
struct Encoding
{
    enum Immediate : uint8_t
    {
        plain = 0,
        byte,
        word,
        dword,
        operand,      ///< 2 bytes, or 4 for operand sizes 4 and 8
        full_operand, ///< 2, 4 or 8 bytes
        offset,       ///< as many bytes as an address has
        far_pointer,  ///< a selector and 2 or 4 bytes
        word_and_byte,
        group_3_byte, ///< a byte if ModRM.reg is 0 or 1 (TEST)
        group_3_operand,
        undefined,
        escape, ///< leads to another map, or does so in some modes
    };

    static constexpr uint8_t immediate_mask = 0x0F;
    static constexpr uint8_t prefix = 0x20;
    static constexpr uint8_t not_in_long64 = 0x40;
    static constexpr uint8_t modrm = 0x80;
};

using Encoding_table = std::array<uint8_t, 256>;

constexpr void fill(Encoding_table& table, unsigned first, unsigned last, unsigned value)
{
    for (unsigned opcode = first; opcode <= last; ++opcode)
    {
        table[opcode] = static_cast<uint8_t>(value);
    }
}

constexpr Encoding_table make_one_byte_lengths()
{
    Encoding_table table{};
    for (unsigned row = 0x00; row < 0x40; row += 8)
    {
        fill(table, row, row + 3, Encoding::modrm);
        table[row + 4] = Encoding::byte;
        table[row + 5] = Encoding::operand;
        fill(table, row + 6, row + 7, Encoding::not_in_long64);
    }
    table[0x0F] = Encoding::escape;
    for (const unsigned prefix : {0x26U, 0x2EU, 0x36U, 0x3EU, 0x64U, 0x65U, 0x66U, 0x67U, 0xF0U, 0xF2U, 0xF3U})
    {
        table[prefix] = Encoding::prefix;
    }
    fill(table, 0x60, 0x61, Encoding::not_in_long64);
    table[0x62] = Encoding::modrm | Encoding::escape; // BOUND or EVEX
    table[0x63] = Encoding::modrm;
    table[0x68] = Encoding::operand;
    table[0x69] = Encoding::modrm | Encoding::operand;
    table[0x6A] = Encoding::byte;
    table[0x6B] = Encoding::modrm | Encoding::byte;
    fill(table, 0x70, 0x7F, Encoding::byte);
    table[0x80] = Encoding::modrm | Encoding::byte;
    table[0x81] = Encoding::modrm | Encoding::operand;
    table[0x82] = Encoding::modrm | Encoding::byte | Encoding::not_in_long64;
    table[0x83] = Encoding::modrm | Encoding::byte;
    fill(table, 0x84, 0x8E, Encoding::modrm);
    table[0x8F] = Encoding::modrm | Encoding::escape; // POP or XOP
    table[0x9A] = Encoding::far_pointer | Encoding::not_in_long64;
    fill(table, 0xA0, 0xA3, Encoding::offset);
    table[0xA8] = Encoding::byte;
    table[0xA9] = Encoding::operand;
    fill(table, 0xB0, 0xB7, Encoding::byte);
    fill(table, 0xB8, 0xBF, Encoding::full_operand);
    fill(table, 0xC0, 0xC1, Encoding::modrm | Encoding::byte);
    table[0xC2] = Encoding::word;
    fill(table, 0xC4, 0xC5, Encoding::modrm | Encoding::escape); // LES, LDS or VEX
    table[0xC6] = Encoding::modrm | Encoding::byte;
    table[0xC7] = Encoding::modrm | Encoding::operand;
    table[0xC8] = Encoding::word_and_byte;
    table[0xCA] = Encoding::word;
    table[0xCD] = Encoding::byte;
    table[0xCE] = Encoding::not_in_long64;
    fill(table, 0xD0, 0xD3, Encoding::modrm);
    fill(table, 0xD4, 0xD5, Encoding::byte | Encoding::not_in_long64);
    table[0xD6] = Encoding::not_in_long64;
    fill(table, 0xD8, 0xDF, Encoding::modrm);
    fill(table, 0xE0, 0xE7, Encoding::byte);
    fill(table, 0xE8, 0xE9, Encoding::operand);
    table[0xEA] = Encoding::far_pointer | Encoding::not_in_long64;
    table[0xEB] = Encoding::byte;
    table[0xF6] = Encoding::modrm | Encoding::group_3_byte;
    table[0xF7] = Encoding::modrm | Encoding::group_3_operand;
    fill(table, 0xFE, 0xFF, Encoding::modrm);
    return table;
}

constexpr Encoding_table make_two_byte_lengths()
{
    Encoding_table table{};
    fill(table, 0x00, 0xFF, Encoding::modrm);
    for (const unsigned opcode : {0x04U, 0x0AU, 0x0CU, 0x24U, 0x25U, 0x26U, 0x27U, 0x36U, 0x39U, 0x3BU, 0x3CU, 0x3DU,
                                  0x3EU, 0x3FU, 0x7AU, 0x7BU})
    {
        table[opcode] = Encoding::undefined;
    }
    fill(table, 0x05, 0x09, Encoding::plain); // SYSCALL, CLTS, SYSRET, INVD, WBINVD
    table[0x0B] = Encoding::plain;            // UD2
    table[0x0E] = Encoding::plain;            // FEMMS
    table[0x0F] = Encoding::escape;
    fill(table, 0x30, 0x35, Encoding::plain); // WRMSR, RDTSC, RDMSR, RDPMC, SYSENTER, SYSEXIT
    table[0x37] = Encoding::plain;            // GETSEC
    table[0x38] = Encoding::escape;
    table[0x3A] = Encoding::escape;
    fill(table, 0x70, 0x73, Encoding::modrm | Encoding::byte);
    table[0x77] = Encoding::plain;              // EMMS
    fill(table, 0x80, 0x8F, Encoding::operand); // Jcc
    fill(table, 0xA0, 0xA2, Encoding::plain);   // PUSH FS, POP FS, CPUID
    table[0xA4] = Encoding::modrm | Encoding::byte;
    fill(table, 0xA8, 0xAA, Encoding::plain); // PUSH GS, POP GS, RSM
    table[0xAC] = Encoding::modrm | Encoding::byte;
    table[0xBA] = Encoding::modrm | Encoding::byte;
    table[0xC2] = Encoding::modrm | Encoding::byte;
    fill(table, 0xC4, 0xC6, Encoding::modrm | Encoding::byte);
    fill(table, 0xC8, 0xCF, Encoding::plain); // BSWAP
    return table;
}

inline constexpr Encoding_table one_byte_lengths = make_one_byte_lengths();
inline constexpr Encoding_table two_byte_lengths = make_two_byte_lengths();

} // namespace ovm::arch::instruction
