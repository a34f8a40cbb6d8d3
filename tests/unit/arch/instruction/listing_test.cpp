#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "arch/instruction/listing_cases.hpp"
#include "arch/x86_64/instruction/decoder.hpp"

namespace ovm::arch::instruction
{
namespace
{

using Bytes = std::vector<uint8_t>;

Bytes to_bytes(const std::string& text)
{
    std::istringstream in(text);
    Bytes bytes;
    for (unsigned byte = 0; in >> std::hex >> byte;)
    {
        bytes.push_back(static_cast<uint8_t>(byte));
    }
    return bytes;
}

/// Everything that a Decoded says of operands, in one line: destination, source; operand and address size; map, opcode
/// and ModRM; the memory operand as segment, base, index, scale and displacement; the immediate; prefixes.
std::string describe(const Operand& operand)
{
    constexpr std::array letters{"-", "r", "m", "di", "i", "s", "cr", "dr"};
    std::string text = letters.at(std::to_underlying(operand.kind));
    if (operand.kind == Operand::Kind::none)
    {
        return text;
    }
    return text + std::to_string(operand.number) + (operand.high_byte ? "h" : "") + ":" + std::to_string(operand.size);
}

std::string describe(const Memory_operand& memory)
{
    constexpr std::array segments{"es", "cs", "ss", "ds", "fs", "gs"};
    std::ostringstream text;
    text << " [" << segments.at(std::to_underlying(memory.segment));
    if (memory.base)
    {
        text << " r" << int{*memory.base};
    }
    if (memory.index)
    {
        text << " r" << int{*memory.index} << '*' << int{memory.scale};
    }
    text << (memory.rip_relative ? " rip " : " ") << memory.displacement << ']';
    return text.str();
}

std::string describe(const Decoded& decoded)
{
    std::ostringstream text;
    text << describe(decoded.destination) << ' ' << describe(decoded.source) << " /" << int{decoded.operand_size} << '/'
         << int{decoded.address_size} << ' ' << std::hex << int{std::to_underlying(decoded.map)} << '.'
         << int{decoded.opcode} << '.' << int{decoded.modrm};
    if (decoded.has_memory)
    {
        text << describe(decoded.memory);
    }
    text << " #" << decoded.immediate << (decoded.prefixes.lock ? " lock" : "") << (decoded.prefixes.rep ? " rep" : "")
         << (decoded.prefixes.repne ? " repne" : "");
    if (decoded.prefixes.segment)
    {
        text << " seg" << int{std::to_underlying(*decoded.prefixes.segment)};
    }
    return text.str();
}

TEST(Decoder_listing, everything_is_as_the_manuals_say)
{
    for (const Listed& one : listed)
    {
        const Bytes bytes = to_bytes(one.bytes);
        const auto decoded = decode(bytes, one.mode);
        ASSERT_TRUE(decoded) << one.bytes;
        EXPECT_EQ(decoded->length, bytes.size()) << one.bytes;
        EXPECT_EQ(decoded->operation, one.operation) << one.bytes;
        EXPECT_EQ(describe(*decoded), one.text) << one.bytes;
        // The quick look at plain accesses takes 15 bytes; what is behind the end must not matter.
        for (const uint8_t behind : {uint8_t{0xCC}, uint8_t{0x00}})
        {
            Bytes whole = bytes;
            whole.resize(maximum_length, behind);
            EXPECT_EQ(decode(whole, one.mode), decoded) << one.bytes;
        }
    }
}

TEST(Decoder_listing, what_does_not_exist_is_invalid)
{
    for (const auto& [mode, text] : undefined)
    {
        Bytes bytes = to_bytes(text);
        EXPECT_EQ(decode(bytes, mode), std::unexpected(Decode_error::invalid)) << text;
        bytes.resize(maximum_length, 0xCC);
        EXPECT_EQ(decode(bytes, mode), std::unexpected(Decode_error::invalid)) << text;
    }
}

} // namespace
} // namespace ovm::arch::instruction
