#include <gtest/gtest.h>

#include "base/bits.hpp"

namespace ovm::test
{

constexpr auto all_ones = ~std::uint64_t{0};

TEST(Bits, MasksReachFromOneBitToTheWholeWord)
{
    EXPECT_EQ(bit(0), 1u);
    EXPECT_EQ(bit(63), std::uint64_t{1} << 63);
    EXPECT_EQ(mask(0, 1), 1u);
    EXPECT_EQ(mask(4, 8), 0xff0u);
    EXPECT_EQ(mask(63, 1), std::uint64_t{1} << 63);
    EXPECT_EQ(mask(0, 64), all_ones);
    EXPECT_EQ(mask(32, 32), 0xffff'ffff'0000'0000u);
}

TEST(Bits, AFieldIsReadAndReplacedAlone)
{
    constexpr std::uint64_t word = 0x1234'5678'9abc'def0;
    EXPECT_EQ(field(word, 0, 4), 0u);
    EXPECT_EQ(field(word, 8, 16), 0xbcdeu);
    EXPECT_EQ(field(word, 60, 4), 1u);
    EXPECT_EQ(field(word, 0, 64), word);
    EXPECT_EQ(with_field(word, 8, 16, 0xffff), 0x1234'5678'9aff'fff0u);
    EXPECT_EQ(with_field(word, 0, 64, 5), 5u);
    // What does not fit into the field stays out of its neighbours.
    EXPECT_EQ(with_field(0, 8, 4, 0xabc), 0xc00u);
}

TEST(Bits, AlignsToPowersOfTwo)
{
    EXPECT_EQ(align_down(0x1fff, 0x1000), 0x1000u);
    EXPECT_EQ(align_up(0x1001, 0x1000), 0x2000u);
    EXPECT_EQ(align_up(0x1000, 0x1000), 0x1000u);
    EXPECT_EQ(align_up(0, 0x1000), 0u);
    EXPECT_EQ(align_down(7, 1), 7u);
}

TEST(Bits, KnowsPowersOfTwo)
{
    EXPECT_FALSE(is_power_of_two(0));
    for (unsigned i = 0; i < 64; ++i)
        EXPECT_TRUE(is_power_of_two(bit(i)));
    for (unsigned i = 2; i < 64; ++i)
    {
        EXPECT_FALSE(is_power_of_two(bit(i) + 1));
        EXPECT_FALSE(is_power_of_two(bit(i) - 1));
    }
}

TEST(Bits, LowBytesCutAtEachSize)
{
    EXPECT_EQ(low_bytes(all_ones, 1), 0xffu);
    EXPECT_EQ(low_bytes(all_ones, 2), 0xffffu);
    EXPECT_EQ(low_bytes(all_ones, 4), 0xffff'ffffu);
    EXPECT_EQ(low_bytes(all_ones, 8), all_ones);
}

} // namespace ovm::test
