#include <array>
#include <gtest/gtest.h>

#include "launcher/description/text.hpp"

namespace ovm::launcher
{

TEST(Text, reads_sizes)
{
    EXPECT_EQ(parse_size("256M"), 256 * mebibyte);
    EXPECT_EQ(parse_size("1g"), gibibyte);
    EXPECT_EQ(parse_size("2GiB"), 2 * gibibyte);
    EXPECT_EQ(parse_size("4MB"), 4 * mebibyte);
    EXPECT_EQ(parse_size("1048576"), mebibyte);
    EXPECT_EQ(parse_size("0x100000"), mebibyte);
    for (auto const* text : {"", "M", "1.5G", "-1", " 1M", "1M ", "1X", "iB", "99999999999999999999", "99999999999T"})
        EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Text, writes_sizes_that_it_reads)
{
    for (std::uint64_t const size : {0ull, 1ull, 1024ull, 3ull << 20, 5ull << 30, (1ull << 30) + 1024})
        EXPECT_EQ(parse_size(size_text(size)), size);
}

TEST(Text, reads_decimals)
{
    EXPECT_EQ(parse_decimal("0", 9), 0u);
    EXPECT_EQ(parse_decimal("0.5", 9), 500'000'000u);
    EXPECT_EQ(parse_decimal("12.000000001", 9), 12'000'000'001u);
    EXPECT_EQ(parse_decimal("7", 0), 7u);
    EXPECT_EQ(parse_decimal("1.25", 2), 125u);
    for (auto const* text : {"", ".", ".5", "5.", "1.2.3", "0.x1", "0x1", "+1", "-1", " 1", "1e3", "1.0000000001",
                             "18446744073709551615", "99999999999.0"})
        EXPECT_FALSE(parse_decimal(text, 9)) << text;
}

TEST(Text, reads_durations)
{
    EXPECT_EQ(parse_duration("5ms"), 5'000'000u);
    EXPECT_EQ(parse_duration("500us"), 500'000u);
    EXPECT_EQ(parse_duration("2.5us"), 2'500u);
    EXPECT_EQ(parse_duration("1s"), 1'000'000'000u);
    EXPECT_EQ(parse_duration("7ns"), 7u);
    for (auto const* text : {"", "5", "ms", "5 ms", "-5ms", "5m", "5MS", "0.5ns", "0x5ms", "99999999999999999999s"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Text, writes_durations_that_it_reads)
{
    EXPECT_EQ(duration_text(4'000'000'000), "4s");
    EXPECT_EQ(duration_text(1'500'000), "1500us");
    for (std::uint64_t const duration : {0ull, 1ull, 1000ull, 50'000ull, 5'000'000ull, 4'000'000'001ull})
        EXPECT_EQ(parse_duration(duration_text(duration)), duration);
}

TEST(Text, reads_escape_keys)
{
    for (auto const* text : {"b", "B", "^B", "ctrl-b", "Ctrl-B", "C-b", "Ctrl+b"})
        EXPECT_EQ(parse_escape(text), 2u) << text;
    for (auto const* text : {"", "^", "1", "ab", "m", "i", "h", "^J", "ctrl-", "["})
        EXPECT_FALSE(parse_escape(text)) << text;
    EXPECT_EQ(parse_escape("c"), 3u);
}

TEST(Text, splits_at_single_commas)
{
    using Parts = std::vector<std::string>;
    EXPECT_EQ(split_at_commas("a,b"), (Parts{"a", "b"}));
    EXPECT_EQ(split_at_commas("a,,b"), (Parts{"a,b"}));
    EXPECT_EQ(split_at_commas("a,,,b"), (Parts{"a,", "b"}));
    EXPECT_EQ(split_at_commas("a,"), (Parts{"a", ""}));
    EXPECT_EQ(split_at_commas(""), (Parts{""}));
}

TEST(Text, suggests_near_words_only)
{
    std::array<std::string_view, 4> const words{"memory", "kernel", "vcpus", "boot"};
    EXPECT_EQ(nearest("memroy", words), "memory");
    EXPECT_EQ(nearest("mem", words), "memory");
    EXPECT_EQ(nearest("Kernel", words), "kernel");
    EXPECT_EQ(nearest("cpus", words), "vcpus");
    EXPECT_FALSE(nearest("colour", words));
    EXPECT_FALSE(nearest("", words));
}

TEST(Text, quotes_make_control_characters_visible)
{
    EXPECT_EQ(in_quotes("a\x1b[2J\n"), "'a?[2J?'");
    EXPECT_LT(in_quotes(std::string(1000, 'x')).size(), 100u);
}

} // namespace ovm::launcher
