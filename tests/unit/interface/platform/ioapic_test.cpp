#include "interface/platform/apic_fixture.hpp"

namespace ovm::interface::test
{

class Ioapic_test : public Apic_fixture
{
protected:
    Ioapic_test() { enable_all(); }

    std::uint32_t get(unsigned index)
    {
        ioapic.write(0, index);
        return ioapic.read(0x10);
    }
    void put(unsigned index, std::uint32_t value)
    {
        ioapic.write(0, index);
        ioapic.write(0x10, value);
    }
    void redirect(unsigned input, std::uint32_t low, unsigned destination)
    {
        put(0x11 + 2 * input, destination << 24);
        put(0x10 + 2 * input, low);
    }
};

TEST_F(Ioapic_test, Identifies)
{
    EXPECT_EQ(get(0), 4u << 24);
    EXPECT_EQ(get(1), 0x0017'0020u);
    put(0, 0xff00'0000);
    EXPECT_EQ(get(0), 0x0f00'0000u);
    EXPECT_EQ(get(0x10), 0x1'0000u);
    EXPECT_EQ(get(0x50), 0u);
    put(0x12, 0xffff'ffff);
    EXPECT_EQ(get(0x12), 0x1'afffu); // delivery status and remote IRR are read only
}

TEST_F(Ioapic_test, Edges)
{
    redirect(4, 0x41, 2);
    EXPECT_EQ(ioapic.set_input(4, true), Acceptance::taken);
    EXPECT_EQ(ioapic.set_input(4, true), Acceptance::nobody);
    ioapic.set_input(4, false);
    EXPECT_EQ(ioapic.set_input(4, true), Acceptance::waiting);
    EXPECT_EQ(take(2), 0x41u);
    write(2, eoi, 0);
    EXPECT_EQ(take(2), std::nullopt);
    redirect(4, 0x1'0041, 2);
    ioapic.set_input(4, false);
    EXPECT_EQ(ioapic.set_input(4, true), Acceptance::nobody);
    redirect(4, 0x41, 2);
    EXPECT_EQ(take(2), std::nullopt); // an edge at a masked entry is lost
}

TEST_F(Ioapic_test, LevelsKeepRemoteIrrUntilTheEnd)
{
    redirect(9, 0x8042, 1);
    router.set_line(9, true);
    EXPECT_EQ(get(0x10 + 18), 0xc042u);
    EXPECT_EQ(take(1), 0x42u);
    EXPECT_EQ(read(1, 0x180 + 0x20), 1u << 2); // TMR
    router.set_line(9, true);
    EXPECT_EQ(take(1), std::nullopt);
    write(1, eoi, 0); // still high: again
    EXPECT_EQ(take(1), 0x42u);
    router.set_line(9, false);
    EXPECT_EQ(get(0x10 + 18), 0xc042u);
    write(1, eoi, 0);
    EXPECT_EQ(get(0x10 + 18), 0x8042u);
    EXPECT_EQ(take(1), std::nullopt);
}

TEST_F(Ioapic_test, LevelsWaitBehindTheMask)
{
    redirect(10, 0x1'8043, 0);
    router.set_line(10, true);
    EXPECT_EQ(take(0), std::nullopt);
    redirect(10, 0x8043, 0);
    EXPECT_EQ(take(0), 0x43u);
    ioapic.write(0x40, 0x43);                    // its own EOI register
    EXPECT_EQ(get(0x10 + 20) & 0x4000, 0x4000u); // and taken again at once
}

TEST_F(Ioapic_test, AnEdgeTurnClearsRemoteIrr)
{
    redirect(10, 0x8043, 0);
    router.set_line(10, true);
    redirect(10, 0x1'0043, 0);
    EXPECT_EQ(get(0x10 + 20), 0x1'0043u);
}

TEST_F(Ioapic_test, NobodyThereLeavesNoRemoteIrr)
{
    redirect(10, 0x8043, 77);
    router.set_line(10, true);
    EXPECT_EQ(get(0x10 + 20), 0x8043u);
    redirect(10, 0x8043, 1);
    EXPECT_EQ(take(1), 0x43u);
}

TEST_F(Ioapic_test, LogicalDestinations)
{
    for (unsigned i = 0; i < 4; ++i)
        write(i, 0xd0, 1u << (24 + i));
    redirect(5, 0x0845, 0x06);
    ioapic.set_input(5, true);
    EXPECT_EQ(take(1), 0x45u);
    EXPECT_EQ(take(2), 0x45u);
    EXPECT_EQ(take(3), std::nullopt);
    enter_x2apic(0);
    redirect(6, 0x0846, 0x01); // eight bits name the first of cluster 0
    ioapic.set_input(6, true);
    EXPECT_EQ(take(0), 0x46u);
}

TEST_F(Ioapic_test, TheRouterMovesTheTimer)
{
    redirect(2, 0x30, 0);
    EXPECT_EQ(router.tick(0), Acceptance::taken);
    EXPECT_EQ(router.tick(0), Acceptance::waiting); // the one before still waits
    EXPECT_EQ(take(0), 0x30u);
    EXPECT_EQ(router.tick(0), Acceptance::taken);
    redirect(2, 0x1'0030, 0);
    EXPECT_EQ(router.tick(0), Acceptance::nobody); // masked
    router.set_line(2, true);
    router.set_line(24, true);
    router.set_line(1000, true);
}

TEST_F(Ioapic_test, NmiByAnInput)
{
    redirect(7, 0x400, 3);
    ioapic.set_input(7, true);
    EXPECT_TRUE(apic(3).nmi_pending());
}

TEST_F(Ioapic_test, SurvivesGarbage)
{
    Garbage garbage(8);
    for (unsigned i = 0; i < 300'000; ++i)
    {
        auto const cpu = static_cast<unsigned>(garbage.below(4));
        switch (garbage.below(6))
        {
        case 0:
            ioapic.read(garbage.number());
            break;
        case 1:
            put(static_cast<unsigned>(garbage.below(0x50)), static_cast<std::uint32_t>(garbage.number()));
            break;
        case 2:
            ioapic.write(garbage.below(2) ? 0x40 : garbage.number(), static_cast<std::uint32_t>(garbage.number()));
            break;
        case 3:
            router.set_line(static_cast<unsigned>(garbage.below(30)), garbage.below(2));
            break;
        case 4:
            if (take(cpu))
                write(cpu, eoi, 0);
            break;
        default:
            router.tick(static_cast<unsigned>(garbage.below(30)));
        }
    }
}

} // namespace ovm::interface::test
