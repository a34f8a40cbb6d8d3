#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/text.hpp"

namespace ovm::test
{

namespace
{

/// What the parts look like in a row.
template <typename... Parts>
std::string written(const Parts&... parts)
{
    std::array<char, 100> storage{};
    Text_writer text(storage);
    (text << ... << parts);
    return std::string(text.view());
}

} // namespace

TEST(Text_writer, WritesNumbersWhole)
{
    EXPECT_EQ(written(0), "0");
    EXPECT_EQ(written(std::uint32_t{4'000'000'000}), "4000000000");
    EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(written(-1), "-1");
    EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(written(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
}

TEST(Text_writer, WritesHexAtLeastAsWideAsAsked)
{
    EXPECT_EQ(written(Hex{0}), "0x0");
    EXPECT_EQ(written(Hex{0xabc}), "0xabc");
    EXPECT_EQ(written(Hex{0xabc, 2}), "0xabc");
    EXPECT_EQ(written(Hex{0xabc, 6}), "0x000abc");
    EXPECT_EQ(written(Hex{0, 16}), "0x0000000000000000");
    EXPECT_EQ(written(Hex{~std::uint64_t{0}, 16}), "0xffffffffffffffff");
    EXPECT_EQ(written(Guest_physical(0xfee0'0000)), "0xfee00000");
}

TEST(Text_writer, WritesSizesInTheLargestUnitThatIsExact)
{
    EXPECT_EQ(written(Bytes(0)), "0 B");
    EXPECT_EQ(written(Bytes(1023)), "1023 B");
    EXPECT_EQ(written(Bytes(1024)), "1 KiB");
    EXPECT_EQ(written(Bytes(1025)), "1025 B");
    EXPECT_EQ(written(Bytes(1536 * 1024)), "1536 KiB");
    EXPECT_EQ(written(huge_page_size), "1 GiB");
    EXPECT_EQ(written(Bytes(std::uint64_t{3} << 40)), "3 TiB");
    EXPECT_EQ(written(Bytes(std::uint64_t{1} << 60)), "1048576 TiB");
}

TEST(Text_writer, CutsWhatDoesNotFitAndWritesNothingBehind)
{
    std::array<char, 8> storage{};
    storage.fill('#');
    Text_writer text(std::span(storage).first(6));
    text << "abc" << 12345 << 'x' << "y";
    EXPECT_EQ(text.view(), "abc123");
    EXPECT_EQ(text.size(), 6u);
    EXPECT_EQ(storage[6], '#');
    EXPECT_EQ(storage[7], '#');
    Text_writer nothing{std::span<char>{}};
    nothing << "abc" << Hex{1};
    EXPECT_EQ(nothing.size(), 0u);
}

TEST(Text, KeepsItsOwnCopyAndCutsIt)
{
    std::string source = "abcdef";
    Text<4> text(source);
    source = "xxxxxx";
    EXPECT_EQ(text.view(), "abcd");
    EXPECT_TRUE(text == "abcd");
    EXPECT_FALSE(text == "abc");
    text.assign("z");
    EXPECT_EQ(text.view(), "z");
    text.assign({});
    EXPECT_TRUE(text.empty());
    EXPECT_TRUE(Text<4>{}.empty());
}

} // namespace ovm::test
