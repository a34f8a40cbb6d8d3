#include <gtest/gtest.h>

#include "interface/platform/device_fakes.hpp"
#include "interface/platform/pit.hpp"

namespace ovm::interface::test
{

class Pit_test : public testing::Test
{
protected:
    void program(unsigned channel, unsigned mode, unsigned count)
    {
        pit.write_byte(0x43, static_cast<std::uint8_t>(channel << 6 | 0x30 | mode << 1));
        pit.write_byte(static_cast<std::uint16_t>(0x40 + channel), static_cast<std::uint8_t>(count));
        pit.write_byte(static_cast<std::uint16_t>(0x40 + channel), static_cast<std::uint8_t>(count >> 8));
    }
    unsigned read_latched(unsigned channel)
    {
        pit.write_byte(0x43, static_cast<std::uint8_t>(channel << 6));
        auto const low = pit.read_byte(static_cast<std::uint16_t>(0x40 + channel));
        return low | pit.read_byte(static_cast<std::uint16_t>(0x40 + channel)) << 8u;
    }
    bool output2() { return pit.read_byte(0x61) & 0x20; }
    void advance_cycles(std::uint64_t cycles) { timers.advance(cycles * 1'000'000'000 / Pit::hertz + 1); }

    Fake_timers timers;
    Recording_irq_sink irqs;
    Pit pit{timers.clock(), irqs, 0};
};

TEST_F(Pit_test, TicksPeriodically)
{
    for (unsigned const mode : {2u, 3u, 6u, 7u})
    {
        irqs.ticks.clear();
        program(0, mode, 11932); // 100 Hz
        timers.advance(1'000'500'000);
        EXPECT_EQ(irqs.ticks[0], 100u);
    }
}

TEST_F(Pit_test, TicksOnce)
{
    for (unsigned const mode : {0u, 4u})
    {
        irqs.ticks.clear();
        program(0, mode, 1193);
        timers.advance(900'000);
        EXPECT_EQ(irqs.ticks[0], 0u);
        timers.advance(100'000'000);
        EXPECT_EQ(irqs.ticks[0], 1u);
        EXPECT_TRUE(timers.empty());
    }
}

TEST_F(Pit_test, LatchesDoNotDisturb)
{
    program(0, 2, 11932);
    timers.advance(9'000'000);
    unsigned const before = read_latched(0);
    EXPECT_NEAR(before, 11932 - 10739, 3);
    pit.write_byte(0x43, 0xc2);           // read-back of count and status
    EXPECT_EQ(pit.read_byte(0x40), 0xb4); // high output, loaded, both bytes, mode 2
    timers.advance(1'500'000);
    EXPECT_EQ(irqs.ticks[0], 1u);
}

TEST_F(Pit_test, RedeliversMissedTicks)
{
    program(0, 2, 1193);     // 1 kHz
    timers.skip(50'000'000); // the core was elsewhere for 50 ticks
    timers.advance(0);
    EXPECT_EQ(irqs.ticks[0], 1u);
    timers.advance(100'500'000);
    EXPECT_NEAR(irqs.ticks[0], 150, 1);
    timers.advance(100'000'000);
    EXPECT_NEAR(irqs.ticks[0], 250, 1);
}

TEST_F(Pit_test, RetriesWhatTheGuestHasNotTaken)
{
    program(0, 2, 1193);
    irqs.refuses = true;
    timers.advance(10'000'000);
    EXPECT_EQ(irqs.ticks[0], 0u);
    EXPECT_LT(irqs.offered, 25u);
    irqs.refuses = false;
    timers.advance(20'000'000);
    EXPECT_NEAR(irqs.ticks[0], 30, 1);
}

TEST_F(Pit_test, BoundsTheRate)
{
    program(0, 2, 2); // 600 kHz
    timers.advance(10'000'000);
    EXPECT_LE(irqs.ticks[0], 101u);
    EXPECT_LE(timers.fires, 101u);
}

TEST_F(Pit_test, ATickThatNobodyHearsCostsLittle)
{
    program(0, 2, 1193); // 1 kHz
    irqs.masked = true;
    timers.advance(1'000'000'000);
    EXPECT_LE(timers.fires, 12u);
    irqs.masked = false;
    pit.masks_changed(); // at once, in phase, and none of those that were lost
    timers.advance(10'100'000);
    EXPECT_NEAR(irqs.ticks[0], 10, 1);
}

TEST_F(Pit_test, HearsByItselfThatItIsHeardAgain)
{
    program(0, 2, 1193);
    irqs.masked = true;
    timers.advance(50'000'000);
    irqs.masked = false;
    timers.advance(110'000'000);
    EXPECT_GT(irqs.ticks[0], 0u);
    timers.advance(100'000'000);
    EXPECT_GE(irqs.ticks[0], 100u);
}

TEST_F(Pit_test, MasksThatComeAndGoDoNotRaiseTheRate)
{
    program(0, 2, 2);
    for (unsigned i = 0; i < 10'000; ++i)
    {
        irqs.masked = i % 2 == 0;
        timers.advance(1'000);
        pit.masks_changed();
    }
    EXPECT_LE(timers.fires, 101u);
}

TEST_F(Pit_test, Channel2MeasuresTime)
{
    // As Linux calibrates: gate on, mode 0, wait for OUT2.
    pit.write_byte(0x61, static_cast<std::uint8_t>((pit.read_byte(0x61) & ~0x02) | 0x01));
    program(2, 0, 59659); // 50 ms
    EXPECT_FALSE(output2());
    timers.advance(49'900'000);
    EXPECT_FALSE(output2());
    timers.advance(200'000);
    EXPECT_TRUE(output2());
    EXPECT_TRUE(timers.empty());
}

TEST_F(Pit_test, TheGatePauses)
{
    pit.write_byte(0x61, 1);
    program(2, 0, 1000);
    advance_cycles(400);
    pit.write_byte(0x61, 0);
    advance_cycles(5000);
    EXPECT_FALSE(output2());
    EXPECT_NEAR(read_latched(2), 600, 3);
    pit.write_byte(0x61, 1);
    advance_cycles(590);
    EXPECT_FALSE(output2());
    advance_cycles(20);
    EXPECT_TRUE(output2());
}

TEST_F(Pit_test, TheGateTriggersAOneShot)
{
    pit.write_byte(0x61, 0);
    program(2, 1, 1000);
    advance_cycles(2000);
    EXPECT_TRUE(output2());
    pit.write_byte(0x61, 1);
    EXPECT_FALSE(output2());
    advance_cycles(990);
    EXPECT_FALSE(output2());
    advance_cycles(20);
    EXPECT_TRUE(output2());
}

TEST_F(Pit_test, SquareWave)
{
    pit.write_byte(0x61, 1);
    program(2, 3, 1000);
    EXPECT_TRUE(output2());
    advance_cycles(250);
    EXPECT_TRUE(output2());
    EXPECT_NEAR(read_latched(2), 500, 4);
    advance_cycles(300);
    EXPECT_FALSE(output2());
    advance_cycles(500);
    EXPECT_TRUE(output2());
}

TEST_F(Pit_test, CountsInBcd)
{
    pit.write_byte(0x61, 1);
    pit.write_byte(0x43, 0xb1);
    pit.write_byte(0x42, 0x00);
    pit.write_byte(0x42, 0x10);
    advance_cycles(1);
    auto const count = read_latched(2);
    EXPECT_GE(count, 0x0995u);
    EXPECT_LE(count, 0x0999u);
}

TEST_F(Pit_test, SingleByteAccess)
{
    pit.write_byte(0x43, 0x94); // channel 2, low byte, mode 2
    pit.write_byte(0x42, 200);
    EXPECT_LE(pit.read_byte(0x42), 200);
    pit.write_byte(0x43, 0xa4); // high byte
    pit.write_byte(0x42, 0x12);
    EXPECT_EQ(pit.read_byte(0x42), 0x12);
}

TEST_F(Pit_test, SurvivesGarbage)
{
    Garbage garbage(3);
    for (unsigned i = 0; i < 300'000; ++i)
    {
        auto const port =
            garbage.below(5) == 0 ? Pit::speaker_port : static_cast<std::uint16_t>(0x40 + garbage.below(4));
        irqs.refuses = garbage.below(3) == 0;
        switch (garbage.below(4))
        {
        case 0:
            pit.read_byte(port);
            break;
        case 1:
            timers.advance(garbage.below(100'000));
            break;
        default:
            pit.write_byte(port, static_cast<std::uint8_t>(garbage.number()));
            break;
        }
    }
    pit.reset();
    EXPECT_TRUE(timers.empty());
}

} // namespace ovm::interface::test
