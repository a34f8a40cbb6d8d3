#include "arch/x86_64/instruction/decoder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace ovm::arch::instruction
{
namespace
{

using Bytes = std::vector<uint8_t>;

struct Length_case
{
    Mode mode;
    Bytes bytes;
    unsigned length;
};

/// Lengths from the APM's and Intel's encoding tables; each case has more bytes behind it.
const std::vector<Length_case> length_cases{
    {Mode::long64, {0x0F, 0xA2}, 2},                                      // CPUID
    {Mode::long64, {0xF3, 0x0F, 0xA2}, 3},                                // with a useless prefix
    {Mode::long64, {0x48, 0x0F, 0x32}, 3},                                // REX.W RDMSR
    {Mode::long64, {0x0F, 0x01, 0xD9}, 3},                                // VMMCALL
    {Mode::long64, {0xF4}, 1},                                            // HLT
    {Mode::long64, {0xE6, 0x80}, 2},                                      // OUT 80h, AL
    {Mode::long64, {0xEF}, 1},                                            // OUT DX, EAX
    {Mode::long64, {0xB8, 1, 2, 3, 4}, 5},                                // MOV EAX, imm32
    {Mode::long64, {0x66, 0xB8, 1, 2}, 4},                                // MOV AX, imm16
    {Mode::long64, {0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8}, 10},             // MOV RAX, imm64
    {Mode::long64, {0xA1, 1, 2, 3, 4, 5, 6, 7, 8}, 9},                    // MOV EAX, moffs64
    {Mode::long64, {0x67, 0xA1, 1, 2, 3, 4}, 6},                          // MOV EAX, moffs32
    {Mode::protected32, {0xA1, 1, 2, 3, 4}, 5},                           //
    {Mode::protected32, {0x67, 0xA1, 1, 2}, 4},                           //
    {Mode::real16, {0xA1, 1, 2}, 3},                                      //
    {Mode::long64, {0xC7, 0x05, 1, 2, 3, 4, 5, 6, 7, 8}, 10},             // MOV [RIP+d32], imm32
    {Mode::long64, {0xC7, 0x44, 0x24, 8, 1, 2, 3, 4}, 8},                 // MOV [RSP+8], imm32
    {Mode::long64, {0xC7, 0x04, 0x25, 1, 2, 3, 4, 5, 6, 7, 8}, 11},       // MOV [d32], imm32
    {Mode::long64, {0x66, 0xC7, 0x00, 1, 2}, 5},                          // MOV WORD [RAX], imm16
    {Mode::real16, {0xC7, 0x06, 1, 2, 3, 4}, 6},                          // MOV WORD [d16], imm16
    {Mode::real16, {0x66, 0xC7, 0x06, 1, 2, 3, 4, 5, 6}, 9},              //
    {Mode::real16, {0x67, 0xC7, 0x05, 1, 2, 3, 4, 5, 6}, 9},              //
    {Mode::long64, {0xF6, 0x00, 1}, 3},                                   // TEST BYTE [RAX], imm8
    {Mode::long64, {0xF6, 0x10}, 2},                                      // NOT BYTE [RAX]
    {Mode::long64, {0xF7, 0x00, 1, 2, 3, 4}, 6},                          // TEST DWORD [RAX], imm32
    {Mode::long64, {0xC8, 1, 2, 3}, 4},                                   // ENTER
    {Mode::long64, {0xE8, 1, 2, 3, 4}, 5},                                // CALL rel32
    {Mode::long64, {0x66, 0xE8, 1, 2}, 4},                                // rel16, as AMD has it
    {Mode::long64, {0x0F, 0x85, 1, 2, 3, 4}, 6},                          // JNE rel32
    {Mode::protected32, {0x9A, 1, 2, 3, 4, 5, 6}, 7},                     // CALL ptr16:32
    {Mode::real16, {0xEA, 1, 2, 3, 4}, 5},                                // JMP ptr16:16
    {Mode::long64, {0x0F, 0x20, 0x04}, 3},                                // MOV RSP, CR0: mod is ignored
    {Mode::long64, {0x0F, 0x22, 0x84}, 3},                                //
    {Mode::long64, {0x66, 0x0F, 0x78, 0xC0, 1, 2}, 6},                    // EXTRQ
    {Mode::long64, {0xF2, 0x0F, 0x78, 0xC0, 1, 2}, 6},                    // INSERTQ
    {Mode::long64, {0x0F, 0x78, 0xC0}, 3},                                // VMREAD
    {Mode::long64, {0x0F, 0x0F, 0x40, 0x10, 0x9E}, 5},                    // PFADD MM0, [RAX+10h]
    {Mode::long64, {0x66, 0x0F, 0x38, 0x00, 0xC1}, 5},                    // PSHUFB
    {Mode::long64, {0x66, 0x0F, 0x3A, 0x0F, 0xC1, 8}, 6},                 // PALIGNR
    {Mode::long64, {0xC5, 0xF8, 0x77}, 3},                                // VZEROUPPER
    {Mode::long64, {0xC5, 0xF9, 0x6F, 0x05, 1, 2, 3, 4}, 8},              // VMOVDQA XMM0, [RIP+d32]
    {Mode::long64, {0xC5, 0xF9, 0x70, 0xC1, 8}, 5},                       // VPSHUFD
    {Mode::long64, {0xC4, 0xE3, 0x79, 0x0F, 0xC1, 8}, 6},                 // VPALIGNR
    {Mode::long64, {0xC4, 0xE2, 0xF9, 0x90, 0x04, 0x88}, 6},              // VPGATHERDQ
    {Mode::protected32, {0xC5, 0xF8, 0x77}, 3},                           // VZEROUPPER, as mod would be 11
    {Mode::protected32, {0xC5, 0x38}, 2},                                 // LDS EDI, [EAX]
    {Mode::long64, {0x62, 0xF1, 0x7C, 0x48, 0x58, 0x40, 1}, 7},           // VADDPS ZMM0, ZMM0, [RAX+64]
    {Mode::long64, {0x62, 0xF3, 0x7D, 0x48, 0x25, 0xC0, 0xFF}, 7},        // VPTERNLOGD
    {Mode::protected32, {0x62, 0x00}, 2},                                 // BOUND
    {Mode::long64, {0x8F, 0xE8, 0x78, 0xC0, 0xC1, 8}, 6},                 // VPROTB (XOP)
    {Mode::long64, {0x8F, 0xEA, 0x78, 0x10, 0xC1, 1, 2, 3, 4}, 9},        // BEXTR imm32 (XOP)
    {Mode::long64, {0x8F, 0x00}, 2},                                      // POP [RAX]
    {Mode::long64, {0xC7, 0xF8, 1, 2, 3, 4}, 6},                          // XBEGIN
    {Mode::long64, {0x2E, 0x66, 0x0F, 0x1F, 0x84, 0x00, 0, 0, 0, 0}, 10}, // long NOP
    {Mode::long64, {0x48, 0x66, 0xC7, 0x00, 1, 2}, 6},                    // REX before 66 does not count
};

Bytes followed(Bytes bytes)
{
    bytes.insert(bytes.end(), 4, 0xCC);
    return bytes;
}

TEST(Decoder_length, agrees_with_the_manuals)
{
    for (const Length_case& one : length_cases)
    {
        const Bytes code = followed(one.bytes);
        const auto found = length(code, one.mode);
        const auto decoded = decode(code, one.mode);
        ASSERT_TRUE(found && decoded) << "first bytes " << std::hex << int{code[0]} << ' ' << int{code[1]};
        EXPECT_EQ(*found, one.length) << std::hex << int{code[0]} << ' ' << int{code[1]};
        EXPECT_EQ(decoded->length, one.length) << std::hex << int{code[0]} << ' ' << int{code[1]};
    }
}

TEST(Decoder_length, every_shorter_piece_is_truncated)
{
    for (const Length_case& one : length_cases)
    {
        const std::span<const uint8_t> code(one.bytes);
        ASSERT_EQ(code.size(), one.length);
        EXPECT_TRUE(decode(code, one.mode));
        for (size_t size = 0; size < code.size(); ++size)
        {
            EXPECT_EQ(length(code.first(size), one.mode), std::unexpected(Decode_error::truncated));
            const auto decoded = decode(code.first(size), one.mode);
            ASSERT_FALSE(decoded);
            EXPECT_EQ(decoded.error(), Decode_error::truncated);
        }
    }
}

TEST(Decoder_length, fifteen_bytes_are_the_limit)
{
    Bytes code(13, 0x66);
    code.insert(code.end(), {0x0F, 0xA2});
    EXPECT_EQ(length(code, Mode::long64), uint8_t{15});
    code.insert(code.begin(), 0x66);
    EXPECT_EQ(length(code, Mode::long64), std::unexpected(Decode_error::too_long));
    EXPECT_EQ(decode(code, Mode::long64).error(), Decode_error::too_long);

    // The limit in the middle of an immediate, and nothing but prefixes.
    Bytes in_immediate(11, 0x2E);
    in_immediate.insert(in_immediate.end(), {0xB8, 1, 2, 3, 4});
    EXPECT_EQ(length(in_immediate, Mode::protected32), std::unexpected(Decode_error::too_long));
    EXPECT_EQ(length(Bytes(15, 0xF3), Mode::long64), std::unexpected(Decode_error::too_long));
    EXPECT_EQ(length(Bytes(14, 0xF3), Mode::long64), std::unexpected(Decode_error::truncated));
}

TEST(Decoder_length, undefined_opcodes_are_invalid)
{
    for (const uint8_t opcode : {0x06, 0x1F, 0x27, 0x60, 0x82, 0x9A, 0xCE, 0xD4, 0xD6, 0xEA})
    {
        const Bytes code = followed({opcode, 0, 0, 0, 0, 0, 0, 0});
        EXPECT_EQ(length(code, Mode::long64), std::unexpected(Decode_error::invalid)) << int{opcode};
        EXPECT_TRUE(length(code, Mode::protected32)) << int{opcode};
    }
    for (const Bytes& code : std::initializer_list<Bytes>{
             {0x0F, 0x04, 0, 0, 0},
             {0x0F, 0x24, 0xC0, 0, 0},
             {0x66, 0xC5, 0xF8, 0x77, 0},             // VEX after 66
             {0x40, 0xC5, 0xF8, 0x77, 0},             // VEX after REX
             {0x8F, 0xEB, 0x78, 0xC0, 0xC1, 0, 0, 0}, // an XOP map that does not exist
         })
    {
        EXPECT_EQ(length(code, Mode::long64), std::unexpected(Decode_error::invalid));
    }
    EXPECT_EQ(length(Bytes{0xC5, 0xF8, 0x77}, Mode::real16), std::unexpected(Decode_error::invalid));
}

} // namespace
} // namespace ovm::arch::instruction
