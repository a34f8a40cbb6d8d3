#include "loader/instruction_rules.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace ovm::test
{

using arch::instruction::Decoded;
using arch::instruction::Opcode_map;
using arch::instruction::Operation;
using arch::instruction::Segment_register;
using loader::check_instruction;
using loader::Flow;
using loader::Refusal;

namespace
{

using Answer = std::expected<Flow, Refusal>;
using Rows = std::array<std::string_view, 16>;

constexpr auto forbidden = std::unexpected(Refusal::forbidden_instruction);
constexpr auto bad_prefix = std::unexpected(Refusal::forbidden_prefix);

// As APM appendix A has its tables, 16 opcodes a row: `a` may be used, `b` branches, `r` may be used with REP too, `m`
// is for ModRM to say.
constexpr Rows one_byte{
    "aaaaaa..aaaaaa..", // 00: ADD, OR
    "aaaaaa..aaaaaa..", // 10: ADC, SBB
    "aaaaaa..aaaaaa..", // 20: AND, SUB
    "aaaaaa..aaaaaa..", // 30: XOR, CMP
    "................", // 40: REX
    "aaaaaaaaaaaaaaaa", // 50: PUSH, POP
    "...a....aaaa....", // 60: MOVSXD, PUSH, IMUL
    "bbbbbbbbbbbbbbbb", // 70: Jcc
    "aa.aaaaaaaaa.m.m", // 80: group 1, TEST, XCHG, MOV, LEA, POP
    "raaaaaaaaa......", // 90: NOP, XCHG, CBW, CWD
    "....rr..aarr....", // a0: MOVS, TEST, STOS
    "aaaaaaaaaaaaaaaa", // b0: MOV
    "mm.a..mm.a..a...", // c0: shifts, RET, MOV, LEAVE, INT3
    "mmmm............", // d0: shifts
    "........bb.b....", // e0: CALL, JMP
    ".....aaaaa..a.mm", // f0: CMC, group 3, CLC, STC, CLD, groups 4 and 5
};
constexpr Rows two_bytes{
    "...........a.a..", // 00: UD2, PREFETCH
    "........a.....ma", // 10: PREFETCH, ENDBR64, NOP
    "................", // 20
    "................", // 30
    "aaaaaaaaaaaaaaaa", // 40: CMOVcc
    "................", // 50
    "................", // 60
    "................", // 70
    "bbbbbbbbbbbbbbbb", // 80: Jcc
    "aaaaaaaaaaaaaaaa", // 90: SETcc
    "...aaa.....aaama", // a0: BT, SHLD, BTS, SHRD, fences, IMUL
    "aa.a..aa.aaarraa", // b0: CMPXCHG, BTR, MOVZX, UD1, BT, BTC, BSF, BSR, MOVSX
    "aa.....maaaaaaaa", // c0: XADD, CMPXCHG8B, BSWAP
    "................", // d0
    "................", // e0
    "................", // f0
};

Decoded instruction(Opcode_map map, unsigned opcode, unsigned modrm = 0)
{
    Decoded decoded{};
    decoded.map = map;
    decoded.opcode = static_cast<std::uint8_t>(opcode);
    decoded.modrm = static_cast<std::uint8_t>(modrm);
    decoded.operand_size = 4;
    decoded.address_size = 8;
    return decoded;
}

/// Such an instruction, as it is and with REP.
void expect_table(Opcode_map map, const Rows& rows)
{
    for (unsigned opcode = 0; opcode < 256; ++opcode)
    {
        auto const kind = rows[opcode / 16][opcode % 16];
        if (kind == 'm')
            continue;
        auto decoded = instruction(map, opcode);
        auto const plain = check_instruction(decoded);
        decoded.prefixes.rep = true;
        auto const repeated = check_instruction(decoded);
        EXPECT_EQ(plain, kind == '.' ? Answer(forbidden) : Answer(kind == 'b' ? Flow::direct : Flow::next)) << opcode;
        EXPECT_EQ(repeated, kind == '.'   ? Answer(forbidden)
                            : kind == 'r' ? Answer(Flow::next)
                                          : Answer(bad_prefix))
            << opcode;
    }
}

TEST(Instruction_rules, AreThoseOfTheTables)
{
    expect_table(Opcode_map::one_byte, one_byte);
    expect_table(Opcode_map::two_byte, two_bytes);
}

TEST(Instruction_rules, KnowNoOtherMap)
{
    for (unsigned map = 0; map < 16; ++map)
    {
        auto const known = static_cast<Opcode_map>(map);
        if (known != Opcode_map::one_byte && known != Opcode_map::two_byte)
            EXPECT_EQ(check_instruction(instruction(known, 0x50)), Answer(forbidden)) << map;
    }
}

/// Of each ModRM.reg, whether the instruction may be used: `n` goes on, `i` is an indirect branch.
void expect_groups(unsigned opcode, std::string_view of_reg)
{
    for (unsigned reg = 0; reg < 8; ++reg)
    {
        auto decoded = instruction(Opcode_map::one_byte, opcode, reg << 3);
        EXPECT_EQ(check_instruction(decoded),
                  of_reg[reg] == '.' ? Answer(forbidden) : Answer(of_reg[reg] == 'i' ? Flow::indirect : Flow::next))
            << opcode << ' ' << reg;
        decoded.prefixes.rep = true;
        EXPECT_EQ(check_instruction(decoded), Answer(bad_prefix)) << opcode << ' ' << reg;
    }
}

TEST(Instruction_rules, LookAtTheGroupsOfOneByte)
{
    for (unsigned const shift : {0xc0u, 0xc1u, 0xd0u, 0xd1u, 0xd2u, 0xd3u})
        expect_groups(shift, "nnnnnn.n");
    expect_groups(0x8f, "n.......");
    expect_groups(0xfe, "nn......");
    expect_groups(0xff, "nni.i.n.");
    for (unsigned const opcode : {0xc6u, 0xc7u})
    {
        auto decoded = instruction(Opcode_map::one_byte, opcode);
        EXPECT_EQ(check_instruction(decoded), Answer(forbidden)); // XABORT, XBEGIN
        decoded.operation = Operation::mov;
        EXPECT_EQ(check_instruction(decoded), Answer(Flow::next));
    }
    auto load_of_address = instruction(Opcode_map::one_byte, 0x8d);
    EXPECT_EQ(check_instruction(load_of_address), Answer(forbidden));
    load_of_address.has_memory = true;
    EXPECT_EQ(check_instruction(load_of_address), Answer(Flow::next));
}

TEST(Instruction_rules, LookAtTheGroupsOfTwoBytes)
{
    for (unsigned modrm = 0; modrm < 256; ++modrm)
    {
        auto end_branch = instruction(Opcode_map::two_byte, 0x1e, modrm);
        EXPECT_EQ(check_instruction(end_branch), Answer(forbidden)) << modrm;
        end_branch.prefixes.rep = true;
        EXPECT_EQ(check_instruction(end_branch), modrm == 0xfa ? Answer(Flow::next) : Answer(forbidden)) << modrm;
        auto fence = instruction(Opcode_map::two_byte, 0xae, modrm);
        EXPECT_EQ(check_instruction(fence), modrm == 0xe8 || modrm == 0xf0 ? Answer(Flow::next) : Answer(forbidden))
            << modrm;
        auto small = fence;
        small.operand_size = 2;
        EXPECT_EQ(check_instruction(small), Answer(forbidden)) << modrm;
        fence.prefixes.rep = true;
        EXPECT_EQ(check_instruction(fence), Answer(forbidden)) << modrm;
        auto exchange = instruction(Opcode_map::two_byte, 0xc7, modrm);
        EXPECT_EQ(check_instruction(exchange), Answer(forbidden)) << modrm;
        exchange.operation = Operation::cmpxchg8b;
        EXPECT_EQ(check_instruction(exchange), Answer(Flow::next)) << modrm;
        exchange.prefixes.rep = true;
        EXPECT_EQ(check_instruction(exchange), Answer(forbidden)) << modrm;
    }
}

TEST(Instruction_rules, TakeNoSegmentNorSmallAddresses)
{
    for (unsigned opcode = 0; opcode < 256; ++opcode)
    {
        for (auto const map : {Opcode_map::one_byte, Opcode_map::two_byte})
        {
            auto segment = instruction(map, opcode);
            segment.prefixes.segment = Segment_register::fs;
            EXPECT_EQ(check_instruction(segment), Answer(bad_prefix)) << opcode;
            auto repeated = instruction(map, opcode);
            repeated.prefixes.repne = true;
            EXPECT_EQ(check_instruction(repeated), Answer(bad_prefix)) << opcode;
            auto small = instruction(map, opcode);
            small.address_size = 4;
            bool const is_failed_check = map == Opcode_map::two_byte && opcode == 0xb9;
            EXPECT_EQ(check_instruction(small), is_failed_check ? Answer(Flow::next) : Answer(bad_prefix)) << opcode;
        }
    }
}

TEST(Instruction_rules, TakeNoBranchOf16Bits)
{
    for (unsigned const opcode : {0x70u, 0xe8u, 0xe9u, 0xebu})
    {
        auto branch = instruction(Opcode_map::one_byte, opcode);
        branch.operand_size = 2;
        EXPECT_EQ(check_instruction(branch), Answer(bad_prefix)) << opcode;
    }
    for (unsigned reg = 0; reg < 8; ++reg)
    {
        auto group = instruction(Opcode_map::one_byte, 0xff, reg << 3);
        group.operand_size = 2;
        EXPECT_EQ(check_instruction(group), reg < 2 ? Answer(Flow::next) : Answer(bad_prefix)) << reg;
    }
    auto other = instruction(Opcode_map::one_byte, 0xc0, 0x20);
    other.operand_size = 2;
    EXPECT_EQ(check_instruction(other), Answer(Flow::next));
}

} // namespace
} // namespace ovm::test
