#include <gtest/gtest.h>

#include <array>
#include <string>

#include "arch/crash_page.hpp"

namespace ovm::arch
{

TEST(Crash_page, a_record_is_found_once)
{
    std::array<std::uint8_t, 256> page{};
    Crash_page writer(page);
    writer.begin();
    writer.append("first");
    writer.append("second");
    writer.end();
    EXPECT_EQ(Crash_page(page).take(), "first\nsecond\n");
    EXPECT_EQ(Crash_page(page).take(), "");
}

TEST(Crash_page, what_does_not_fit_is_cut)
{
    std::array<std::uint8_t, 64> page{};
    Crash_page writer(page);
    writer.begin();
    writer.append(std::string(100, 'x'));
    writer.append("more");
    writer.end();
    EXPECT_EQ(Crash_page(page).take(), std::string(48, 'x'));
}

TEST(Crash_page, damage_and_chance_are_no_record)
{
    std::array<std::uint8_t, 256> page{};
    EXPECT_EQ(Crash_page(page).take(), "");
    for (std::size_t damaged = 0; damaged < 20; ++damaged)
    {
        Crash_page writer(page);
        writer.begin();
        writer.append("text");
        writer.end();
        page[damaged] ^= 0x80;
        EXPECT_EQ(Crash_page(page).take(), "") << damaged;
    }
    Crash_page unfinished(page);
    unfinished.begin();
    unfinished.append("text");
    EXPECT_EQ(Crash_page(page).take(), "");
}

} // namespace ovm::arch
