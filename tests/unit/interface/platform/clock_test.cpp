#include <gtest/gtest.h>

#include "interface/platform/calendar.hpp"
#include "interface/platform/device_fakes.hpp"
#include "interface/platform/rate.hpp"
#include "interface/platform/tick_pacer.hpp"

namespace ovm::interface::test
{

TEST(Rate, ConvertsExactly)
{
    Rate const rate(1'193'182, 2'500'000'000);
    EXPECT_EQ(rate.cycles(Ticks(0)), 0u);
    EXPECT_EQ(rate.cycles(Ticks(2'500'000'000)), 1'193'182u);
    EXPECT_EQ(rate.cycles(Ticks(2'499'999'999)), 1'193'181u);
    EXPECT_EQ(Rate(1'000'000'000, 1'000'000'000).cycles(Ticks(12345)), 12345u);
    EXPECT_EQ(Rate(3'000'000'000, 1'000'000'000).cycles(Ticks(5)), 15u);
}

TEST(Rate, TicksAreTheFirstInstantOfACycle)
{
    for (std::uint64_t const ticks_per_second : {999'999'937ull, 1'000'000'000ull, 3'123'456'789ull})
    {
        // 150 days and more, at the machine's clock.
        for (std::uint64_t const hertz : {32'768ull, 1'193'182ull, 3'579'545ull, 1'000'000'000ull})
        {
            Rate const rate(hertz, ticks_per_second);
            for (std::uint64_t cycles = 1; cycles < 1'000'000'000'000; cycles = cycles * 3 + 1)
            {
                auto const ticks = rate.ticks(cycles);
                ASSERT_GE(rate.cycles(ticks), cycles) << hertz << ' ' << ticks_per_second;
                if (ticks.value() > 2)
                {
                    ASSERT_LE(rate.cycles(Ticks(ticks.value() - 2)), cycles);
                }
            }
        }
    }
}

TEST(Rate, SaturatesInsteadOfWrapping)
{
    Rate const rate(1'000'000'000, 1'000'000);
    EXPECT_EQ(rate.cycles(Ticks(~std::uint64_t{0})), ~std::uint64_t{0});
    EXPECT_EQ(Rate(1, 1000).ticks(~std::uint64_t{0}).value(), ~std::uint64_t{0});
}

TEST(TickPacer, KeepsTheNominalRate)
{
    Tick_pacer pacer(1);
    pacer.start(100, 100);
    unsigned delivered = 0;
    for (std::uint64_t now = 0; now <= 1000; ++now)
    {
        if (pacer.is_due(now))
        {
            pacer.settle(now, true);
            ++delivered;
        }
    }
    EXPECT_EQ(delivered, 10u);
}

TEST(TickPacer, DeliversMissedTicksLaterAtTwiceTheRate)
{
    Tick_pacer pacer(1);
    pacer.start(100, 100);
    unsigned delivered = 0;
    std::uint64_t last = 0;
    for (std::uint64_t now = 1000; now <= 3000; ++now) // ten ticks are due at once
    {
        if (!pacer.is_due(now))
            continue;
        if (last != 0)
        {
            EXPECT_GE(now - last, 50u);
        }
        last = now;
        pacer.settle(now, true);
        ++delivered;
    }
    EXPECT_EQ(delivered, 30u);
    EXPECT_EQ(pacer.backlog(), 0u);
}

TEST(TickPacer, BoundsWhatItKeeps)
{
    Tick_pacer pacer(10);
    pacer.start(1, 1);
    ASSERT_TRUE(pacer.is_due(~std::uint64_t{0} / 2));
    EXPECT_EQ(pacer.backlog(), Tick_pacer::most_kept);
    pacer.settle(~std::uint64_t{0} / 2, false);
    EXPECT_EQ(pacer.backlog(), Tick_pacer::most_kept);
    EXPECT_EQ(pacer.attempt(), ~std::uint64_t{0} / 2 + 10);
}

TEST(Calendar, KnowsDates)
{
    auto const time = to_calendar(1'767'225'600); // 2026-01-01, a Thursday
    EXPECT_EQ(time.year, 2026u);
    EXPECT_EQ(time.month, 1u);
    EXPECT_EQ(time.day, 1u);
    EXPECT_EQ(time.weekday, 4u);
    auto const leap = to_calendar(951'782'400 + 86'399);
    EXPECT_EQ(leap.month, 2u);
    EXPECT_EQ(leap.day, 29u);
    EXPECT_EQ(leap.second, 59u);
}

TEST(Calendar, ThereAndBack)
{
    for (std::uint64_t seconds = 0; seconds < 20'000'000'000; seconds += 86'399 * 7 + 12'345)
        ASSERT_EQ(to_seconds(to_calendar(seconds)), seconds);
}

} // namespace ovm::interface::test
