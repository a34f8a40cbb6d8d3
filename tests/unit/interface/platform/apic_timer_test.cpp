#include "interface/platform/apic_fixture.hpp"

namespace ovm::interface::test
{

class Apic_timer_test : public Apic_fixture
{
protected:
    Apic_timer_test() { enable_all(); }

    unsigned drain()
    {
        unsigned count = 0;
        while (take(0))
        {
            write(0, eoi, 0);
            ++count;
        }
        return count;
    }
};

TEST_F(Apic_timer_test, OneShot)
{
    write(0, 0x3e0, 0x0b); // divide by 1
    write(0, 0x320, 0x40);
    write(0, 0x380, 1'000'000);
    timers.advance(400'000);
    EXPECT_NEAR(read(0, 0x390), 600'000, 2);
    EXPECT_EQ(drain(), 0u);
    timers.advance(700'000);
    EXPECT_EQ(read(0, 0x390), 0u);
    EXPECT_EQ(read(0, 0x380), 1'000'000u);
    EXPECT_EQ(drain(), 1u);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Apic_timer_test, Divides)
{
    static constexpr std::array<std::pair<unsigned, unsigned>, 8> divisors{
        {{0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {10, 128}, {11, 1}}};
    for (auto const [code, divisor] : divisors)
    {
        write(0, 0x3e0, code);
        EXPECT_EQ(read(0, 0x3e0), code);
        write(0, 0x320, 0x1'0040);
        write(0, 0x380, 10'000'000);
        timers.advance(1'280'000);
        EXPECT_NEAR(read(0, 0x390), 10'000'000 - 1'280'000 / divisor, 2);
    }
}

TEST_F(Apic_timer_test, Periodic)
{
    write(0, 0x3e0, 0x0b);
    write(0, 0x320, 0x2'0040);
    write(0, 0x380, 1'000'000); // 1 kHz
    unsigned count = 0;
    for (unsigned i = 0; i < 10'000; ++i)
    {
        timers.advance(100'000);
        count += drain();
    }
    EXPECT_NEAR(count, 1000, 1);
    write(0, 0x380, 0);
    EXPECT_TRUE(timers.empty());
    EXPECT_EQ(read(0, 0x390), 0u);
}

TEST_F(Apic_timer_test, PeriodicRedeliversWhatWasMissed)
{
    write(0, 0x3e0, 0x0b);
    write(0, 0x320, 0x2'0040);
    write(0, 0x380, 1'000'000);
    timers.advance(100'000'000); // the vcpu takes nothing for 100 ticks
    unsigned count = 0;
    for (unsigned i = 0; i < 4'000; ++i)
    {
        timers.advance(100'000);
        count += drain();
    }
    EXPECT_NEAR(count, 500, 2);
}

TEST_F(Apic_timer_test, BoundsTheRate)
{
    write(0, 0x3e0, 0x0b);
    write(0, 0x320, 0x2'0040);
    write(0, 0x380, 1);
    timers.advance(10'000'000);
    EXPECT_LE(timers.fires, 101u);
}

TEST_F(Apic_timer_test, Deadline)
{
    cpus[0].time.adjust_by(5'000'000'000);
    apic(0).set_deadline(1); // not in that mode
    EXPECT_EQ(apic(0).deadline(), 0u);
    write(0, 0x320, 0x4'0040);
    auto const now = cpus[0].time.guest(timers.now()).value();
    apic(0).set_deadline(now + 2'500'000); // a millisecond
    EXPECT_EQ(apic(0).deadline(), now + 2'500'000);
    write(0, 0x380, 55); // ignored
    timers.advance(990'000);
    EXPECT_EQ(drain(), 0u);
    timers.advance(11'000);
    EXPECT_EQ(drain(), 1u);
    EXPECT_EQ(apic(0).deadline(), 0u);
    apic(0).set_deadline(now); // in the past: at once
    EXPECT_EQ(drain(), 1u);
    apic(0).set_deadline(~std::uint64_t{0});
    EXPECT_EQ(drain(), 0u);
    apic(0).set_deadline(0);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Apic_timer_test, DeadlineFollowsTheGuestsClock)
{
    write(0, 0x320, 0x4'0040);
    auto const now = cpus[0].time.guest(timers.now()).value();
    apic(0).set_deadline(now + 25'000'000);
    cpus[0].time.adjust_by(20'000'000);
    apic(0).time_changed();
    timers.advance(2'100'000);
    EXPECT_EQ(drain(), 1u);
}

TEST_F(Apic_timer_test, ModesDisarmEachOther)
{
    write(0, 0x320, 0x4'0040);
    apic(0).set_deadline(cpus[0].time.guest(timers.now()).value() + 1000);
    write(0, 0x320, 0x40);
    EXPECT_TRUE(timers.empty());
    write(0, 0x380, 1000);
    write(0, 0x320, 0x2'0040); // the count goes on
    EXPECT_FALSE(timers.empty());
    write(0, 0x320, 0x4'0040);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Apic_timer_test, AMaskedTimerIsSilent)
{
    write(0, 0x320, 0x1'0040);
    write(0, 0x380, 1000);
    timers.advance(1'000'000);
    EXPECT_EQ(drain(), 0u);
}

TEST_F(Apic_timer_test, AMaskedTimerCostsNothing)
{
    write(0, 0x3e0, 0x0b);
    write(0, 0x320, 0x3'0040); // periodic
    write(0, 0x380, 1'000'000);
    timers.advance(10'300'000);
    EXPECT_EQ(timers.fires, 0u);
    EXPECT_TRUE(timers.empty());
    EXPECT_NEAR(read(0, 0x390), 700'000, 2);
    write(0, 0x320, 0x2'0040); // in phase, and what nobody heard is lost
    timers.advance(600'000);
    EXPECT_EQ(drain(), 0u);
    timers.advance(200'000);
    EXPECT_EQ(drain(), 1u);
    timers.advance(200'000);
    EXPECT_EQ(drain(), 0u);
    write(0, 0x320, 0x3'0040);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Apic_timer_test, AOneShotThatEndedBehindTheMaskIsLost)
{
    write(0, 0x3e0, 0x0b);
    write(0, 0x320, 0x1'0040);
    write(0, 0x380, 1'000'000);
    timers.advance(400'000);
    EXPECT_TRUE(timers.empty());
    write(0, 0x320, 0x40);
    write(0, 0x320, 0x1'0040);
    EXPECT_NEAR(read(0, 0x390), 600'000, 2);
    write(0, 0x320, 0x40); // in time
    timers.advance(700'000);
    EXPECT_EQ(drain(), 1u);

    write(0, 0x320, 0x1'0040);
    write(0, 0x380, 1'000'000);
    timers.advance(1'100'000);
    EXPECT_EQ(read(0, 0x390), 0u);
    write(0, 0x320, 0x40); // too late
    timers.advance(5'000'000);
    EXPECT_EQ(drain(), 0u);
    EXPECT_EQ(timers.fires, 1u);
}

TEST_F(Apic_timer_test, ADeadlineBehindTheMask)
{
    write(0, 0x320, 0x5'0040);
    auto const now = cpus[0].time.guest(timers.now()).value();
    apic(0).set_deadline(now + 2'500'000);
    EXPECT_TRUE(timers.empty());
    EXPECT_EQ(apic(0).deadline(), now + 2'500'000);
    timers.advance(1'100'000);
    EXPECT_EQ(apic(0).deadline(), 0u);
    write(0, 0x320, 0x4'0040);
    EXPECT_EQ(drain(), 0u);
    write(0, 0x320, 0x5'0040);
    apic(0).set_deadline(now + 5'000'000);
    write(0, 0x320, 0x4'0040);
    timers.advance(1'000'000);
    EXPECT_EQ(drain(), 1u);
}

TEST_F(Apic_timer_test, WhoTakesNothingIsAskedSeldom)
{
    write(0, 0x3e0, 0x0b);
    write(0, 0x320, 0x2'0040);
    write(0, 0x380, 1'000); // a million a second
    timers.advance(1'000'000'000);
    EXPECT_LE(timers.fires, 700u);
    EXPECT_EQ(drain(), 1u);
}

} // namespace ovm::interface::test
