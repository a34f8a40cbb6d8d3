#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "arch/x86_64/instruction/decoder.hpp"

namespace ovm::arch::instruction
{
namespace
{

using Bytes = std::vector<uint8_t>;
using Kind = Operand::Kind;

Decoded must_decode(const Bytes& bytes, Mode mode = Mode::long64)
{
    const auto decoded = decode(bytes, mode);
    EXPECT_TRUE(decoded) << "error " << (decoded ? 0 : static_cast<int>(decoded.error()));
    EXPECT_TRUE(!decoded || decoded->length == bytes.size());
    return decoded.value_or(Decoded{});
}

void expect_register(const Operand& operand, unsigned number, unsigned size)
{
    EXPECT_EQ(operand.kind, Kind::general);
    EXPECT_EQ(operand.number, number);
    EXPECT_EQ(operand.size, size);
    EXPECT_FALSE(operand.high_byte);
}

TEST(Decoder_operands, instructions_without_operands)
{
    struct Case
    {
        Bytes bytes;
        Operation operation;
    };
    for (const Case& one : std::vector<Case>{
             {{0x0F, 0xA2}, Operation::cpuid},
             {{0x0F, 0x30}, Operation::wrmsr},
             {{0x0F, 0x31}, Operation::rdtsc},
             {{0x0F, 0x32}, Operation::rdmsr},
             {{0x0F, 0x33}, Operation::rdpmc},
             {{0x0F, 0x06}, Operation::clts},
             {{0x0F, 0x08}, Operation::invd},
             {{0x0F, 0x09}, Operation::wbinvd},
             {{0xF3, 0x0F, 0x09}, Operation::wbinvd},
             {{0x0F, 0x0B}, Operation::ud2},
             {{0x0F, 0xAA}, Operation::rsm},
             {{0x0F, 0x01, 0xC1}, Operation::vmcall},
             {{0x0F, 0x01, 0xC8}, Operation::monitor},
             {{0x0F, 0x01, 0xC9}, Operation::mwait},
             {{0x0F, 0x01, 0xD1}, Operation::xsetbv},
             {{0x0F, 0x01, 0xD8}, Operation::vmrun},
             {{0x0F, 0x01, 0xD9}, Operation::vmmcall},
             {{0x0F, 0x01, 0xF9}, Operation::rdtscp},
             {{0x66, 0x0F, 0x01, 0xF9}, Operation::rdtscp},
             {{0x0F, 0x01, 0xFA}, Operation::monitorx},
             {{0xF3, 0x0F, 0x01, 0xFA}, Operation::other}, // MCOMMIT
             {{0xF4}, Operation::hlt},
             {{0xCC}, Operation::int3},
             {{0xF1}, Operation::int1},
             {{0xCF}, Operation::iret},
             {{0x90}, Operation::nop},
             {{0xF3, 0x90}, Operation::pause},
             {{0x9C}, Operation::pushf},
             {{0xC3}, Operation::other},
         })
    {
        const Decoded decoded = must_decode(one.bytes);
        EXPECT_EQ(decoded.operation, one.operation);
        EXPECT_EQ(decoded.destination.kind, Kind::none);
        EXPECT_EQ(decoded.source.kind, Kind::none);
        EXPECT_EQ(decoded.address_size, 8);
    }
    EXPECT_EQ(must_decode({0xCE}, Mode::protected32).operation, Operation::into);
    EXPECT_EQ(must_decode({0x48, 0xCF}).operand_size, 8);
    EXPECT_EQ(must_decode({0x9C}).operand_size, 8);
}

TEST(Decoder_operands, store_to_a_register_page)
{
    const Decoded decoded = must_decode({0x41, 0x89, 0x84, 0x8B, 0xB0, 0x00, 0x00, 0x00}); // MOV [R11+RCX*4+B0h], EAX
    EXPECT_EQ(decoded.operation, Operation::mov);
    EXPECT_EQ(decoded.operand_size, 4);
    EXPECT_EQ(decoded.destination.kind, Kind::memory);
    expect_register(decoded.source, 0, 4);
    EXPECT_EQ(decoded.memory.base, uint8_t{11});
    EXPECT_EQ(decoded.memory.index, uint8_t{1});
    EXPECT_EQ(decoded.memory.scale, 4);
    EXPECT_EQ(decoded.memory.displacement, 0xB0);
    EXPECT_EQ(decoded.memory.segment, Segment_register::ds);
}

TEST(Decoder_operands, immediates_have_the_size_of_the_operand)
{
    EXPECT_EQ(must_decode({0xC6, 0x00, 0xFF}).immediate, 0xFFU);
    EXPECT_EQ(must_decode({0x66, 0x83, 0x20, 0xFE}).immediate, 0xFFFEU);
    EXPECT_EQ(must_decode({0x83, 0x08, 0x80}).immediate, 0xFFFFFF80U);
    EXPECT_EQ(must_decode({0x48, 0xC7, 0x00, 0, 0, 0, 0x80}).immediate, 0xFFFFFFFF80000000U);
    EXPECT_EQ(must_decode({0x48, 0xB8, 8, 7, 6, 5, 4, 3, 2, 1}).immediate, 0x0102030405060708U);
    EXPECT_EQ(must_decode({0xCD, 0x80}).immediate, 0x80U);
    EXPECT_EQ(must_decode({0x0F, 0xBA, 0x28, 0x9F}).immediate, 0x9FU);
    EXPECT_EQ(must_decode({0xEB, 0xFE}).immediate, ~uint64_t{1});
}

TEST(Decoder_operands, arithmetic_groups)
{
    constexpr std::array operations{Operation::add,         Operation::logical_or,  Operation::adc,
                                    Operation::sbb,         Operation::logical_and, Operation::sub,
                                    Operation::logical_xor, Operation::cmp};
    for (unsigned row = 0; row < 8; ++row)
    {
        const auto modrm = static_cast<uint8_t>(row << 3);
        EXPECT_EQ(must_decode({0x80, modrm, 1}).operation, operations[row]);
        EXPECT_EQ(must_decode({static_cast<uint8_t>((row << 3) | 1), 0x00}).operation, operations[row]);
        EXPECT_EQ(must_decode({static_cast<uint8_t>((row << 3) | 4), 0x10}).operation, operations[row]);
    }
    EXPECT_EQ(must_decode({0xF6, 0x10}).operation, Operation::logical_not);
    EXPECT_EQ(must_decode({0xF7, 0x18}).operation, Operation::neg);
    EXPECT_EQ(must_decode({0xF7, 0x20}).operation, Operation::other); // MUL
    EXPECT_EQ(must_decode({0xFE, 0x00}).operation, Operation::inc);
    EXPECT_EQ(must_decode({0xFF, 0x08}).operation, Operation::dec);
    EXPECT_EQ(must_decode({0x40}, Mode::protected32).operation, Operation::inc);
    EXPECT_EQ(decode(Bytes{0xFE, 0x10}, Mode::long64).error(), Decode_error::invalid);
}

TEST(Decoder_operands, extending_loads_read_less_than_they_write)
{
    const Decoded decoded = must_decode({0x4C, 0x0F, 0xB6, 0x4E, 0xFF}); // MOVZX R9, BYTE [RSI-1]
    EXPECT_EQ(decoded.operation, Operation::movzx);
    EXPECT_EQ(decoded.operand_size, 8);
    expect_register(decoded.destination, 9, 8);
    EXPECT_EQ(decoded.source.kind, Kind::memory);
    EXPECT_EQ(decoded.source.size, 1);
    EXPECT_EQ(decoded.memory.displacement, -1);
    EXPECT_EQ(must_decode({0x0F, 0xBF, 0x00}).source.size, 2);
    const Decoded extended = must_decode({0x48, 0x63, 0x00});
    EXPECT_EQ(extended.operation, Operation::movsxd);
    EXPECT_EQ(extended.source.size, 4);
    EXPECT_EQ(must_decode({0x63, 0x00}, Mode::protected32).operation, Operation::other); // ARPL
}

TEST(Decoder_operands, high_bytes_exist_without_rex_only)
{
    const Decoded high = must_decode({0x88, 0x20}); // MOV [RAX], AH
    EXPECT_EQ(high.source.number, 0);
    EXPECT_TRUE(high.source.high_byte);
    const Decoded low = must_decode({0x40, 0x88, 0x20}); // MOV [RAX], SPL
    expect_register(low.source, 4, 1);
    expect_register(must_decode({0x44, 0x88, 0x20}).source, 12, 1);
}

TEST(Decoder_operands, strings)
{
    const Decoded stos = must_decode({0xF3, 0x48, 0xAB});
    EXPECT_EQ(stos.operation, Operation::stos);
    EXPECT_TRUE(stos.prefixes.rep);
    EXPECT_EQ(stos.operand_size, 8);
    EXPECT_EQ(stos.destination.kind, Kind::string_destination);
    expect_register(stos.source, 0, 8);

    const Decoded movs = must_decode({0x64, 0xF3, 0xA4});
    EXPECT_EQ(movs.destination.kind, Kind::string_destination);
    EXPECT_EQ(movs.source.kind, Kind::memory);
    EXPECT_EQ(movs.memory.base, uint8_t{6});
    EXPECT_EQ(movs.memory.segment, Segment_register::fs);
    EXPECT_EQ(movs.operand_size, 1);

    const Decoded outs = must_decode({0xF3, 0x48, 0x6F});
    EXPECT_EQ(outs.operation, Operation::outs);
    EXPECT_EQ(outs.operand_size, 4) << "ports have no 64-bit accesses";
    expect_register(outs.destination, 2, 2);
}

TEST(Decoder_operands, ports)
{
    const Decoded out = must_decode({0xE6, 0x80});
    EXPECT_EQ(out.operation, Operation::out);
    EXPECT_EQ(out.destination.kind, Kind::immediate);
    EXPECT_EQ(out.immediate, 0x80U);
    expect_register(out.source, 0, 1);
    const Decoded in = must_decode({0x66, 0xED});
    EXPECT_EQ(in.operation, Operation::in);
    expect_register(in.destination, 0, 2);
    expect_register(in.source, 2, 2);
}

TEST(Decoder_operands, system_registers)
{
    const Decoded load = must_decode({0x41, 0x0F, 0x22, 0xC0}); // MOV CR0, R8
    EXPECT_EQ(load.operation, Operation::mov_control);
    EXPECT_EQ(load.destination.kind, Kind::control);
    EXPECT_EQ(load.destination.number, 0);
    expect_register(load.source, 8, 8);
    EXPECT_EQ(must_decode({0x44, 0x0F, 0x20, 0xC0}).source.number, 8);
    EXPECT_EQ(must_decode({0xF0, 0x0F, 0x20, 0xC0}, Mode::protected32).source.number, 8) << "LOCK MOV CR0 is CR8";
    EXPECT_EQ(decode(Bytes{0x0F, 0x20, 0xC8}, Mode::long64).error(), Decode_error::invalid) << "CR1";
    EXPECT_EQ(must_decode({0x0F, 0x23, 0xF8}).destination.kind, Kind::debug);
    EXPECT_EQ(must_decode({0x0F, 0x01, 0xF0}).operation, Operation::lmsw);
    EXPECT_EQ(must_decode({0x0F, 0x01, 0x10}).source.size, 10);
    EXPECT_EQ(must_decode({0x0F, 0x01, 0x38}).operation, Operation::invlpg);
    EXPECT_EQ(must_decode({0x0F, 0x00, 0xD8}).operation, Operation::ltr);
    const Decoded segment = must_decode({0x8E, 0xD8}); // MOV DS, EAX
    EXPECT_EQ(segment.destination.kind, Kind::segment);
    EXPECT_EQ(segment.destination.number, 3);
    EXPECT_EQ(decode(Bytes{0x8E, 0xC8}, Mode::long64).error(), Decode_error::invalid) << "MOV CS";
}

TEST(Decoder_operands, lock_is_refused_where_it_is_undefined)
{
    EXPECT_TRUE(must_decode({0xF0, 0x0F, 0xB1, 0x08}).prefixes.lock);
    EXPECT_EQ(must_decode({0xF0, 0x48, 0x0F, 0xC7, 0x08}).operand_size, 16); // CMPXCHG16B
    for (const Bytes& code : std::vector<Bytes>{
             {0xF0, 0x89, 0x08},       // MOV
             {0xF0, 0x01, 0xC8},       // ADD to a register
             {0xF0, 0x03, 0x08},       // ADD from memory
             {0xF0, 0x0F, 0xA3, 0x08}, // BT
             {0xF0, 0x39, 0x08},       // CMP
             {0xF0, 0x0F, 0xA2},       // CPUID
         })
    {
        EXPECT_EQ(decode(code, Mode::long64).error(), Decode_error::invalid);
    }
}

TEST(Decoder_operands, bit_tests_exchanges_and_byte_swaps)
{
    EXPECT_EQ(must_decode({0x0F, 0xAB, 0x08}).operation, Operation::bts);
    EXPECT_EQ(must_decode({0x0F, 0xBA, 0x30, 1}).operation, Operation::btr);
    EXPECT_EQ(must_decode({0x87, 0x08}).operation, Operation::xchg);
    EXPECT_EQ(must_decode({0x0F, 0xC1, 0x08}).operation, Operation::xadd);
    EXPECT_EQ(must_decode({0x0F, 0xC3, 0x08}).operation, Operation::movnti);
    const Decoded swapped = must_decode({0x66, 0x0F, 0x38, 0xF1, 0x08}); // MOVBE [RAX], CX
    EXPECT_EQ(swapped.operation, Operation::movbe);
    EXPECT_EQ(swapped.operand_size, 2);
    EXPECT_EQ(must_decode({0xF2, 0x0F, 0x38, 0xF1, 0x08}).operation, Operation::other); // CRC32
}

} // namespace
} // namespace ovm::arch::instruction
