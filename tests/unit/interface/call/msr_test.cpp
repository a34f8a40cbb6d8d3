#include "interface/call/vcpu_fixture.hpp"
#include "interface/platform/device_fakes.hpp"

namespace ovm::interface::test
{

class Msr_test : public Vcpu_fixture
{
};

TEST_F(Msr_test, TheGuestsCounterBeginsAtZero)
{
    EXPECT_EQ(read(0x10).value(), 0u);
    arch::hosted::set_time(machine_start + Ticks(5000));
    EXPECT_EQ(read(0x10).value(), 5000u);
}

TEST_F(Msr_test, TheGuestMovesItsCounter)
{
    EXPECT_TRUE(write(0x10, 1'000'000));
    EXPECT_EQ(read(0x10).value(), 1'000'000u);
    EXPECT_EQ(read(0x3b).value(), 1'000'000u);
    EXPECT_EQ(vcpu->state().tsc_offset(), time->offset());
    EXPECT_TRUE(write(0x3b, 0));
    EXPECT_EQ(read(0x10).value(), 0u);
    EXPECT_EQ(read(0x3b).value(), 0u);
}

TEST_F(Msr_test, TheSystemTimeFollowsTheCounter)
{
    EXPECT_TRUE(write(0x4b56'4d01, 0x4001));
    arch::hosted::set_time(machine_start + Ticks(100));
    EXPECT_TRUE(write(0x10, 77));
    EXPECT_EQ(load(0x4008, 8), 77u);
    EXPECT_EQ(load(0x4010, 8), arch::to_nanoseconds(Ticks(100)).value());
}

TEST_F(Msr_test, TheLocalApicAnswers)
{
    EXPECT_EQ(read(0x1b).value(), 0xfee0'0900u);
    EXPECT_FALSE(read(0x803));
    EXPECT_TRUE(write(0x1b, 0xfee0'0d00));
    EXPECT_EQ(read(0x803).value(), Local_apic::version_register);
    EXPECT_TRUE(write(0x80f, 0x1ff));
    EXPECT_TRUE(write(0x832, 0x4'0040));
    EXPECT_TRUE(write(0x6e0, 1'000'000));
    EXPECT_EQ(read(0x6e0).value(), 1'000'000u);
    EXPECT_TRUE(write(0x6e0, 0));
}

TEST_F(Msr_test, MemoryTypesAreReadBack)
{
    EXPECT_EQ(read(0xfe).value(), 0x508u);
    EXPECT_EQ(read(0x2ff).value(), 0x806u); // on, and write-back where nothing else is said
    EXPECT_TRUE(write(0x200, 0xc000'0000));
    EXPECT_TRUE(write(0x201, 0xff'c000'0800));
    EXPECT_EQ(read(0x201).value(), 0xff'c000'0800u);
    EXPECT_FALSE(write(0x200, 2)); // no such type
    EXPECT_TRUE(write(0x250, 0x0606'0606'0606'0606));
    EXPECT_FALSE(write(0x250, 0x0606'0606'0606'0607));
    EXPECT_TRUE(write(0x26f, 0));
    EXPECT_FALSE(read(0x251));
    EXPECT_FALSE(write(0x2ff, 0x1000));
    EXPECT_FALSE(write(0xfe, 0));
    EXPECT_FALSE(read(0x210));
}

TEST_F(Msr_test, WhatLinuxTouchesOnAmd)
{
    EXPECT_EQ(read(0x179).value(), 0u);
    EXPECT_EQ(read(0x8b).value(), 0u);
    EXPECT_EQ(read(0xc001'0114).value(), 0x18u); // SVM is locked off
    EXPECT_FALSE(write(0xc001'0114, 0));
    EXPECT_TRUE(write(0xc001'1029, 2)); // LFENCE serialises
    EXPECT_EQ(read(0xc001'1029).value(), 2u);
    EXPECT_EQ(read(0xc001'0015).value(), 1u << 24);
    EXPECT_TRUE(write(0xc001'0004, 0x1234));
    EXPECT_EQ(read(0xc001'0004).value(), 0u);
    EXPECT_FALSE(read(0xdead'beef));
    EXPECT_FALSE(write(0xdead'beef, 0));
    EXPECT_FALSE(read(0xc001'0117)); // VM_HSAVE_PA
}

TEST_F(Msr_test, SurvivesGarbage)
{
    Garbage garbage(9);
    static constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 7> ranges{{{0, 0x600},
                                                                                    {0x6e0, 1},
                                                                                    {0x800, 0x40},
                                                                                    {0x4000'0000, 0x110},
                                                                                    {0x4b56'4d00, 0x10},
                                                                                    {0xc000'0080, 0x100},
                                                                                    {0xc001'0000, 0x200}}};
    for (unsigned i = 0; i < 300'000; ++i)
    {
        auto const [first, count] = ranges[garbage.below(ranges.size())];
        auto const msr = garbage.below(20) == 0 ? static_cast<std::uint32_t>(garbage.number())
                                                : first + static_cast<std::uint32_t>(garbage.below(count));
        if (garbage.below(3) == 0)
            static_cast<void>(read(msr));
        else
            static_cast<void>(write(msr, garbage.number()));
    }
    apic->disconnect();
}

} // namespace ovm::interface::test
