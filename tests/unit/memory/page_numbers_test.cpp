#include "memory/page_numbers.hpp"

#include <gtest/gtest.h>

namespace
{

using namespace ovm;
using namespace ovm::memory;

constexpr std::uint32_t section = 1u << huge_order.value();

constexpr Range<Host_physical> from_to(std::uint64_t begin, std::uint64_t end)
{
    return {Host_physical{begin}, Bytes{end - begin}};
}

constexpr std::uint64_t operator""_GiB(unsigned long long size)
{
    return size << 30;
}

constexpr std::uint64_t operator""_MiB(unsigned long long size)
{
    return size << 20;
}

TEST(Page_numbers, HolesHaveNone)
{
    Page_numbers numbers;
    EXPECT_EQ(numbers.count(), 0u);
    ASSERT_TRUE(numbers.add(from_to(1_MiB, 2_GiB)));
    EXPECT_EQ(numbers.count(), 2 * section);
    ASSERT_TRUE(numbers.add(from_to(4_GiB, 5_GiB)));
    EXPECT_EQ(numbers.count(), 3 * section);
    EXPECT_EQ(numbers.number(Host_physical{1_MiB}), 256u);
    EXPECT_EQ(numbers.number(Host_physical{2_GiB - 1}), 2 * section - 1);
    EXPECT_EQ(numbers.number(Host_physical{4_GiB}), 2 * section);
    EXPECT_EQ(numbers.address(2 * section), Host_physical{4_GiB});
    EXPECT_DEATH(numbers.number(Host_physical{2_GiB}), "another node");
    EXPECT_DEATH(numbers.number(Host_physical{5_GiB}), "another node");
    EXPECT_DEATH(numbers.address(3 * section), "no page");
}

TEST(Page_numbers, RangesThatBeginAndEndWithinSectionsShareThem)
{
    Page_numbers numbers;
    ASSERT_TRUE(numbers.add(from_to(1_GiB + 512_MiB, 1_GiB + 600_MiB)));
    EXPECT_EQ(numbers.count(), 600u * 256) << "nothing behind the last page";
    ASSERT_TRUE(numbers.add(from_to(1_GiB + 700_MiB, 2_GiB + 4_MiB)));
    EXPECT_EQ(numbers.count(), section + 1024);
    ASSERT_TRUE(numbers.add(from_to(2_GiB + 8_MiB, 2_GiB + 16_MiB)));
    EXPECT_EQ(numbers.count(), section + 4096);
    ASSERT_TRUE(numbers.add(from_to(9_GiB + 4_MiB, 9_GiB + 8_MiB)));
    EXPECT_EQ(numbers.count(), 2 * section + 2048) << "the section begun before is whole";
    EXPECT_EQ(numbers.number(Host_physical{9_GiB + 4_MiB}), 2 * section + 1024);
}

TEST(Page_numbers, AreAlignedAsTheirPages)
{
    Page_numbers numbers;
    for (auto const& range :
         {from_to(3_GiB + 4096, 3_GiB + 8192), from_to(5_GiB + 3_MiB, 7_GiB + 1_MiB), from_to(64_GiB, 66_GiB)})
    {
        ASSERT_TRUE(numbers.add(range));
        for (auto at = range.begin; at < range.end(); at += page_size)
        {
            auto const number = numbers.number(at);
            ASSERT_EQ(numbers.address(number), at);
            ASSERT_EQ((at.value() / page_size.value()) % section, number % section);
        }
    }
}

TEST(Page_numbers, HolesBeyondTheMostRunsHaveThem)
{
    Page_numbers numbers;
    constexpr std::uint32_t most = Page_numbers::most_runs;
    for (std::uint64_t run = 0; run < most; ++run)
        ASSERT_TRUE(numbers.add(from_to(run * 4_GiB, run * 4_GiB + 4096)));
    EXPECT_EQ(numbers.count(), (most - 1) * section + 1);
    ASSERT_TRUE(numbers.add(from_to(most * 4_GiB, most * 4_GiB + 4096)));
    EXPECT_EQ(numbers.count(), (most + 3) * section + 1);
    EXPECT_EQ(numbers.address(numbers.number(Host_physical{most * 4_GiB})), Host_physical{most * 4_GiB});
}

TEST(Page_numbers, OneTooManyIsRefused)
{
    Page_numbers numbers;
    EXPECT_EQ(numbers.add(from_to(0, 16384_GiB)).error(), Error::full);
    EXPECT_EQ(numbers.count(), 0u);
    ASSERT_TRUE(numbers.add(from_to(0, 16383_GiB)));
    EXPECT_EQ(numbers.add(from_to(16384_GiB, 16385_GiB)).error(), Error::full);
    EXPECT_EQ(numbers.count(), 16383u * section);
    EXPECT_DEATH(static_cast<void>(numbers.add(from_to(0, 4096))), "") << "not behind the others";
    EXPECT_DEATH(static_cast<void>(numbers.add(from_to(20000_GiB, 20000_GiB + 1))), "") << "not whole pages";
}

} // namespace
