#include "loader/plain_instruction.hpp"

#include <gtest/gtest.h>

#include "arch/x86_64/instruction/decoder.hpp"
#include "loader/instruction_rules.hpp"

namespace ovm::test
{
namespace
{

using Window = std::array<std::uint8_t, loader::plain_window>;

/// What the first look says of an instruction, the decoder and the rules say, too.
unsigned plain_of(const Window& bytes)
{
    auto const plain = loader::plain_instruction(bytes);
    if (!plain)
        return 0;
    auto const decoded = arch::instruction::decode(bytes, arch::instruction::Mode::long64);
    auto const flow = decoded ? loader::check_instruction(*decoded) : std::unexpected(loader::Refusal::undecodable);
    bool const good =
        flow && decoded->length == plain->length && (*flow == loader::Flow::direct) == plain->branch.has_value() &&
        *flow != loader::Flow::indirect && (!decoded->has_memory || !decoded->memory.rip_relative) &&
        (!plain->branch || decoded->immediate == static_cast<std::uint64_t>(std::int64_t{*plain->branch}));
    EXPECT_TRUE(good) << std::hex << int{bytes[0]} << " " << int{bytes[1]} << " " << int{bytes[2]} << " "
                      << int{bytes[3]};
    return 1;
}

/// Every opcode with every ModRM, each kind of REX, and every SIB of some, before bytes that are low, high and
/// anything.
TEST(Plain_instruction, IsWhatTheDecoderSays)
{
    unsigned found = 0;
    for (unsigned const rex : {0u, 0x40u, 0x41u, 0x42u, 0x44u, 0x48u, 0x4fu})
    {
        for (unsigned opcode = 0; opcode < 512; ++opcode)
        {
            for (unsigned modrm = 0; modrm < 256; ++modrm)
            {
                for (unsigned sib = 0; sib < 256; sib += (modrm & 0x1f) == 4 ? 1 : 85)
                {
                    Window bytes{};
                    bytes.fill(static_cast<std::uint8_t>(sib * 37 + modrm));
                    std::size_t at = 0;
                    if (rex > 0)
                        bytes[at++] = static_cast<std::uint8_t>(rex);
                    if (opcode >= 256)
                        bytes[at++] = 0x0f;
                    bytes[at++] = static_cast<std::uint8_t>(opcode);
                    bytes[at++] = static_cast<std::uint8_t>(modrm);
                    bytes[at++] = static_cast<std::uint8_t>(sib);
                    found += plain_of(bytes);
                    if (::testing::Test::HasFailure())
                        return;
                }
            }
        }
    }
    EXPECT_GT(found, 500'000u);
}

/// Prefixes, and what is not to be used, take the decoder.
TEST(Plain_instruction, LeavesTheRestToTheDecoder)
{
    for (unsigned const first :
         {0x0f, 0x26, 0x66, 0x67, 0x64, 0xf0, 0xf2, 0xf3, 0xf4, 0xfa, 0xcd, 0xc2, 0xcf, 0xff, 0xe4})
        EXPECT_FALSE(loader::plain_instruction(Window{static_cast<std::uint8_t>(first), 0x05}));
    EXPECT_FALSE(loader::plain_instruction(Window{0x48, 0x8b, 0x05})) << "relative to RIP";
    EXPECT_FALSE(loader::plain_instruction(Window{0x8d, 0xc0})) << "LEA of a register";
    EXPECT_FALSE(loader::plain_instruction(Window{0x48, 0x48, 0x90})) << "two REX";
}

} // namespace
} // namespace ovm::test
