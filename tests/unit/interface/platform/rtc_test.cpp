#include <gtest/gtest.h>

#include "interface/platform/device_fakes.hpp"
#include "interface/platform/rtc.hpp"

namespace ovm::interface::test
{

class Rtc_test : public testing::Test
{
protected:
    static constexpr std::int64_t wall_clock = 1'767'225'599; // 2025-12-31 23:59:59

    std::uint8_t in(unsigned index)
    {
        rtc.write_byte(0x70, static_cast<std::uint8_t>(index));
        return rtc.read_byte(0x71);
    }
    void out(unsigned index, unsigned value)
    {
        rtc.write_byte(0x70, static_cast<std::uint8_t>(index));
        rtc.write_byte(0x71, static_cast<std::uint8_t>(value));
    }

    Fake_timers timers;
    Recording_irq_sink irqs;
    Rtc rtc{timers.clock(), Irq_line(irqs, 8), wall_clock, Bytes(512 << 20), Bytes(0)};
};

TEST_F(Rtc_test, ShowsTheTime)
{
    EXPECT_EQ(in(0), 0x59);
    EXPECT_EQ(in(2), 0x59);
    EXPECT_EQ(in(4), 0x23);
    EXPECT_EQ(in(7), 0x31);
    EXPECT_EQ(in(8), 0x12);
    EXPECT_EQ(in(9), 0x25);
    EXPECT_EQ(in(0x32), 0x20);
    timers.advance(1'000'000'000);
    EXPECT_EQ(in(0), 0x00);
    EXPECT_EQ(in(4), 0x00);
    EXPECT_EQ(in(6), 5); // Thursday, counted from Sunday = 1
    EXPECT_EQ(in(9), 0x26);
    EXPECT_EQ(in(13), 0x80);
    EXPECT_TRUE(timers.empty()); // a clock that nobody waits for costs nothing
}

TEST_F(Rtc_test, OtherFormats)
{
    out(11, 0x00);
    EXPECT_EQ(in(4), 0x91); // 11 in the afternoon
    out(11, 0x04);
    EXPECT_EQ(in(4), 0x8b);
    out(11, 0x06);
    EXPECT_EQ(in(4), 23);
    timers.advance(1'000'000'000);
    out(11, 0x00);
    EXPECT_EQ(in(4), 0x12); // midnight
}

TEST_F(Rtc_test, AnnouncesAnUpdate)
{
    EXPECT_EQ(in(10), 0x26);
    timers.advance(999'400'000);
    EXPECT_EQ(in(10), 0xa6);
    timers.advance(1'000'000);
    EXPECT_EQ(in(10), 0x26);
}

TEST_F(Rtc_test, IsSet)
{
    out(11, 0x82);
    timers.advance(5'000'000'000);
    EXPECT_EQ(in(0), 0x59); // stands still
    out(0, 0x30);
    out(2, 0x45);
    out(4, 0x12);
    out(7, 0x29);
    out(8, 0x02);
    out(9, 0x28);
    out(11, 0x02);
    timers.advance(1'000'000'000);
    EXPECT_EQ(in(0), 0x31);
    EXPECT_EQ(in(7), 0x29);
    EXPECT_EQ(in(9), 0x28);
    out(0, 0x10); // while it runs
    EXPECT_EQ(in(0), 0x10);
    EXPECT_EQ(in(2), 0x45);
}

TEST_F(Rtc_test, TicksPeriodically)
{
    out(10, 0x26); // 1024 Hz
    out(11, 0x42);
    unsigned ticks = 0;
    for (unsigned i = 0; i < 10'000; ++i)
    {
        timers.advance(100'000);
        if (irqs.levels[8])
        {
            EXPECT_EQ(in(12) & 0xc0, 0xc0);
            EXPECT_FALSE(irqs.levels[8]);
            ++ticks;
        }
    }
    EXPECT_NEAR(ticks, 1024, 1);
    out(11, 0x02);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Rtc_test, RedeliversMissedTicks)
{
    out(10, 0x26);
    out(11, 0x42);
    timers.advance(50'000'000); // 51 ticks, of which nobody reads one
    unsigned ticks = 0;
    for (unsigned i = 0; i < 2000; ++i)
    {
        if (in(12) & 0x40)
            ++ticks;
        timers.advance(100'000);
    }
    EXPECT_NEAR(ticks, 51 + 205, 3);
}

TEST_F(Rtc_test, ATickThatNobodyReadsCostsNothing)
{
    out(10, 0x23); // 8192 Hz
    out(11, 0x42);
    timers.advance(1'000'000'000);
    EXPECT_TRUE(irqs.levels[8]);
    EXPECT_EQ(timers.fires, 1u);
    EXPECT_TRUE(timers.empty());
    EXPECT_EQ(in(12) & 0xc0, 0xc0);
    timers.advance(500'000);
    EXPECT_TRUE(irqs.levels[8]);
}

TEST_F(Rtc_test, InterruptsAtUpdates)
{
    out(1, 0x30);
    out(11, 0x12);
    timers.advance(500'000'000);
    EXPECT_FALSE(irqs.levels[8]);
    timers.advance(600'000'000);
    EXPECT_TRUE(irqs.levels[8]);
    EXPECT_EQ(in(12), 0xd0); // a period has passed too, which nobody asked for
    EXPECT_EQ(in(12), 0x00);
    timers.advance(1'000'000'000);
    EXPECT_EQ(irqs.edges[8], 2u);
}

TEST_F(Rtc_test, RingsTheAlarm)
{
    out(1, 0x05);
    out(3, 0x01);
    out(5, 0x00);
    out(11, 0x22);
    timers.advance(64'000'000'000);
    EXPECT_FALSE(irqs.levels[8]);
    EXPECT_LE(timers.fires, 1u);
    timers.advance(3'000'000'000);
    EXPECT_TRUE(irqs.levels[8]);
    EXPECT_EQ(in(12) & 0xa0, 0xa0);
    EXPECT_EQ(in(0), 0x06);
    // Again in a day.
    timers.advance(86'399'000'000'000);
    EXPECT_EQ(irqs.edges[8], 2u);
}

TEST_F(Rtc_test, AlarmWildcards)
{
    out(1, 0xff);
    out(3, 0xff);
    out(5, 0xff);
    out(11, 0x22);
    for (unsigned i = 0; i < 5; ++i)
    {
        timers.advance(1'000'000'000);
        EXPECT_EQ(in(12) & 0x20, 0x20);
    }
    EXPECT_EQ(irqs.edges[8], 5u);
}

TEST_F(Rtc_test, PollsFlagsWithoutInterrupts)
{
    out(1, 0x30);
    in(12);
    timers.advance(1'100'000'000);
    EXPECT_EQ(in(12), 0x50); // periodic and update happened, nobody was to be told
    EXPECT_FALSE(irqs.levels[8]);
}

TEST_F(Rtc_test, TellsTheMemorySize)
{
    EXPECT_EQ(in(0x15) | in(0x16) << 8, 640);
    EXPECT_EQ(in(0x17) | in(0x18) << 8, 0xffff);
    EXPECT_EQ(in(0x34) | in(0x35) << 8, (512 - 16) * 16);
    EXPECT_EQ(in(0x5b), 0);
    out(0x40, 0x77);
    EXPECT_EQ(in(0x40), 0x77);
}

TEST_F(Rtc_test, SurvivesGarbage)
{
    Garbage garbage(4);
    for (unsigned i = 0; i < 200'000; ++i)
    {
        auto const index = garbage.below(2) ? garbage.below(14) : garbage.below(256);
        switch (garbage.below(4))
        {
        case 0:
            in(static_cast<unsigned>(index));
            break;
        case 1:
            timers.advance(garbage.below(2'000'000));
            break;
        default:
            out(static_cast<unsigned>(index), static_cast<unsigned>(garbage.number() & 0xff));
            break;
        }
    }
    rtc.reset();
    EXPECT_TRUE(timers.empty());
}

} // namespace ovm::interface::test
