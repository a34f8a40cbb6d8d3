#include "elf_image.hpp"
#include "interface/boot/elf.hpp"

namespace
{

using namespace ovm;
using namespace ovm::interface;
using namespace ovm::interface::test;

/// Everything that a reader can be asked; answers lie in the file.
void read_all(std::span<const std::uint8_t> bytes)
{
    auto const image = Elf_image::create(bytes);
    if (!image)
        return;
    std::uint64_t sum = image->entry();
    for (unsigned i = 0; i < image->segments(); ++i)
    {
        auto const segment = image->segment(i);
        if (segment.is(Elf_segment_type::load))
        {
            ASSERT_LE(segment.content.size(), segment.memory_size);
            ASSERT_GE(segment.physical_address + segment.memory_size, segment.physical_address);
        }
        for (auto const byte : segment.content)
            sum += byte;
    }
    if (auto const note = image->find_note("Xen", 18))
        for (auto const byte : *note)
            sum += byte;
    [[maybe_unused]] volatile std::uint64_t const used = sum;
}

class Elf : public testing::TestWithParam<bool>
{
};

INSTANTIATE_TEST_SUITE_P(Widths, Elf, testing::Bool());

TEST_P(Elf, SegmentsAndNotesAreFound)
{
    auto const file = make_elf(GetParam(), 0x200000, "Xen", 18, 0x200040);
    auto const image = Elf_image::create(file);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->entry(), 0x40200010u);
    ASSERT_EQ(image->segments(), 2u);
    auto const segment = image->segment(1);
    EXPECT_TRUE(segment.is(Elf_segment_type::load));
    EXPECT_EQ(segment.physical_address, 0x200000u);
    EXPECT_EQ(segment.virtual_address, 0x40200000u);
    EXPECT_EQ(segment.memory_size, 0x1800u);
    ASSERT_EQ(segment.content.size(), 0x800u);
    EXPECT_EQ(segment.content[1], 8);
    auto const note = image->find_note("Xen", 18);
    ASSERT_TRUE(note.has_value());
    EXPECT_EQ(note->size(), GetParam() ? 8u : 4u);
    EXPECT_EQ(little_endian(*note, 0, 4), 0x200040u);
    EXPECT_FALSE(image->find_note("Xen", 17).has_value());
    EXPECT_FALSE(image->find_note("Xe", 18).has_value());
    EXPECT_FALSE(image->find_note("XenX", 18).has_value());
}

TEST_P(Elf, EveryTruncationIsRefused)
{
    auto const file = make_elf(GetParam(), 0x200000, "Xen", 18, 0x200040);
    for (std::size_t size = 0; size < file.size(); ++size)
        ASSERT_FALSE(Elf_image::create(exact(std::span(file).first(size)))) << size;
}

TEST_P(Elf, MutationsNeverLeadOutOfTheFile)
{
    auto const file = make_elf(GetParam(), 0x200000, "Xen", 18, 0x200040);
    Seeded random(GetParam() ? 1 : 2);
    constexpr std::array<std::uint64_t, 6> nasty{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, ~std::uint64_t{0}};
    for (int round = 0; round < 20000; ++round)
    {
        auto copy = exact(file);
        for (auto changes = 1 + random.below(3); changes > 0; --changes)
        {
            auto const at = random.below(0x120);
            if (random.below(2) == 0)
                copy[at] = static_cast<std::uint8_t>(random.below(256));
            else
                put_little_endian(copy, at, 1u << random.below(4), nasty[random.below(nasty.size())]);
        }
        read_all(copy);
    }
}

TEST_P(Elf, ForeignFilesAreRefused)
{
    auto const file = make_elf(GetParam(), 0x200000, "Xen", 18, 0x200040);
    auto const with = [&](std::size_t at, std::uint8_t value)
    {
        auto copy = file;
        copy[at] = value;
        return Elf_image::create(copy).error_or(Error::full);
    };
    EXPECT_EQ(with(0, 0), Error::corrupt);
    EXPECT_EQ(with(4, 3), Error::unsupported);
    EXPECT_EQ(with(5, 2), Error::unsupported) << "big endian";
    EXPECT_EQ(with(16, 1), Error::unsupported) << "an object file";
    EXPECT_EQ(with(18, 40), Error::unsupported) << "Arm";
}

} // namespace
