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
using Registers = std::array<uint64_t, 16>;

/// Register n holds (n + 1) << 32 | (n + 1) << 8, but for those whose low half matters.
Registers make_registers()
{
    Registers registers{};
    for (uint64_t number = 0; number < registers.size(); ++number)
    {
        registers[number] = (number + 1) << 32 | (number + 1) << 8;
    }
    return registers;
}

uint64_t address_of(const Bytes& bytes, Mode mode, uint64_t next_rip = 0)
{
    const auto decoded = decode(bytes, mode);
    EXPECT_TRUE(decoded && decoded->has_memory);
    return decoded ? effective_address(*decoded, make_registers(), next_rip) : 0;
}

TEST(Effective_address, long_mode)
{
    EXPECT_EQ(address_of({0x8B, 0x00}, Mode::long64), 0x1'0000'0100U);
    EXPECT_EQ(address_of({0x8B, 0x43, 0x10}, Mode::long64), 0x4'0000'0410U);                        // [RBX+10h]
    EXPECT_EQ(address_of({0x43, 0x8B, 0x44, 0xC8, 0xFF}, Mode::long64), 0x59'0000'58FFU);           // [R8+R9*8-1]
    EXPECT_EQ(address_of({0x8B, 0x05, 0xF0, 0xFF, 0xFF, 0xFF}, Mode::long64, 0x5000), 0x4FF0U);     // [RIP-10h]
    EXPECT_EQ(address_of({0x8B, 0x04, 0x25, 0, 0, 0xE0, 0xFE}, Mode::long64), 0xFFFFFFFFFEE00000U); // [d32]
    EXPECT_EQ(address_of({0x67, 0x8B, 0x04, 0x25, 0, 0, 0xE0, 0xFE}, Mode::long64), 0xFEE00000U);
    EXPECT_EQ(address_of({0x67, 0x8B, 0x00}, Mode::long64), 0x100U);
    EXPECT_EQ(address_of({0xA1, 1, 2, 3, 4, 5, 6, 7, 8}, Mode::long64), 0x0807060504030201U);
    EXPECT_EQ(address_of({0x8B, 0x04, 0x24}, Mode::long64), 0x5'0000'0500U);            // [RSP], no index
    EXPECT_EQ(address_of({0x42, 0x8B, 0x04, 0x20}, Mode::long64), 0xE'0000'0E00U);      // [RAX+R12]
    EXPECT_EQ(address_of({0x41, 0x8B, 0x45, 0x00}, Mode::long64), 0xE'0000'0E00U);      // [R13+0]
    EXPECT_EQ(address_of({0x41, 0x8B, 0x05, 8, 0, 0, 0}, Mode::long64, 0x100), 0x108U); // REX.B keeps RIP
}

TEST(Effective_address, protected_mode_has_no_rip)
{
    EXPECT_EQ(address_of({0x8B, 0x05, 0, 0, 0xE0, 0xFE}, Mode::protected32, 0x1234), 0xFEE00000U);
    EXPECT_EQ(address_of({0x8B, 0x44, 0x8D, 0x04}, Mode::protected32), 0x600U + 0x200U * 4 + 4); // [EBP+ECX*4+4]
}

TEST(Effective_address, sixteen_bits)
{
    EXPECT_EQ(address_of({0x8B, 0x00}, Mode::real16), 0x400U + 0x700U);            // [BX+SI]
    EXPECT_EQ(address_of({0x8B, 0x43, 0xFF}, Mode::real16), 0x600U + 0x800U - 1);  // [BP+DI-1]
    EXPECT_EQ(address_of({0x8B, 0x06, 0x34, 0x12}, Mode::real16), 0x1234U);        // [1234h]
    EXPECT_EQ(address_of({0x8B, 0x46, 0x00}, Mode::real16), 0x600U);               // [BP+0]
    EXPECT_EQ(address_of({0x8B, 0x87, 0xFF, 0xFF}, Mode::real16), 0x3FFU);         // [BX-1]
    EXPECT_EQ(address_of({0x67, 0x8B, 0x03}, Mode::protected32), 0x600U + 0x800U); // [BP+DI]
    EXPECT_EQ(address_of({0x67, 0x8B, 0x00}, Mode::protected16), 0x100U);          // [EAX]
}

TEST(Effective_address, wraps_at_the_address_size)
{
    Registers registers{};
    registers[3] = 0xFFFF;
    registers[6] = 0x0003;
    const auto decoded = decode(Bytes{0x8B, 0x00}, Mode::real16);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(effective_address(*decoded, registers, 0), 2U);
}

TEST(Effective_address, segments)
{
    const auto segment = [](const Bytes& bytes, Mode mode)
    {
        const auto decoded = decode(bytes, mode);
        EXPECT_TRUE(decoded);
        return decoded->memory.segment;
    };
    EXPECT_EQ(segment({0x8B, 0x00}, Mode::long64), Segment_register::ds);
    EXPECT_EQ(segment({0x8B, 0x45, 0}, Mode::long64), Segment_register::ss);
    EXPECT_EQ(segment({0x41, 0x8B, 0x45, 0}, Mode::long64), Segment_register::ds);
    EXPECT_EQ(segment({0x65, 0x8B, 0x45, 0}, Mode::long64), Segment_register::gs);
    EXPECT_EQ(segment({0x64, 0x2E, 0x8B, 0x00}, Mode::long64), Segment_register::fs);
    EXPECT_EQ(segment({0x64, 0x2E, 0x8B, 0x00}, Mode::protected32), Segment_register::cs);
    EXPECT_EQ(segment({0x26, 0x8B, 0x02}, Mode::real16), Segment_register::es);
    EXPECT_EQ(segment({0x8B, 0x02}, Mode::real16), Segment_register::ss);
    EXPECT_EQ(segment({0x36, 0xA1, 0, 0}, Mode::real16), Segment_register::ss);
}

TEST(Effective_address, string_destination)
{
    const auto decoded = decode(Bytes{0x67, 0xAA}, Mode::long64);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(string_destination_address(*decoded, make_registers()), 0x800U);
}

} // namespace
} // namespace ovm::arch::instruction
