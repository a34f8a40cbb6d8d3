#include <gtest/gtest.h>

#include "interface/platform/acpi_pm.hpp"
#include "interface/platform/debug_exit.hpp"
#include "interface/platform/device_fakes.hpp"
#include "interface/platform/pci.hpp"
#include "interface/platform/reset_control.hpp"

namespace ovm::interface::test
{

class Acpi_pm_test : public testing::Test
{
protected:
    Fake_timers timers;
    Recording_irq_sink irqs;
    Recording_machine machine;
    Acpi_pm pm{timers.clock(), Irq_line(irqs, Acpi_pm::interrupt_line), machine};
};

TEST_F(Acpi_pm_test, PowersOff)
{
    EXPECT_EQ(pm.read(0x604, 2), 1u); // in ACPI mode
    pm.write(0x604, 2, 5 << 10);
    EXPECT_EQ(machine.power_offs, 0u);
    pm.write(0x604, 2, 5 << 10 | 1 << 13);
    EXPECT_EQ(machine.power_offs, 1u);
    EXPECT_EQ(pm.read(0x604, 2), 5u << 10 | 1); // the enable bit reads zero
    pm.write(0x604, 2, 3 << 10 | 1 << 13);
    EXPECT_EQ(machine.power_offs, 1u);
}

TEST_F(Acpi_pm_test, TheTimerCounts)
{
    auto const before = pm.read(0x608, 4);
    timers.advance(1'000'000'000);
    EXPECT_NEAR(pm.read(0x608, 4) - before, 3'579'545, 1);
    pm.write(0x608, 4, 0);
    EXPECT_NE(pm.read(0x608, 4), 0u);
}

TEST_F(Acpi_pm_test, TheTimerIsReadAtOneMoment)
{
    timers.step_on_each_look = Ticks(100'000);
    std::uint32_t before = pm.read(0x608, 4);
    for (unsigned i = 0; i < 100'000; ++i)
    {
        auto const now = pm.read(0x608, 4);
        ASSERT_LT(now - before, 1000u);
        before = now;
    }
}

TEST_F(Acpi_pm_test, TheTimerReportsItsTurns)
{
    pm.write(0x602, 2, 1);
    timers.advance(590'000'000'000);
    EXPECT_FALSE(irqs.levels[9]);
    timers.advance(20'000'000'000);
    EXPECT_TRUE(irqs.levels[9]);
    EXPECT_EQ(pm.read(0x600, 2), 1u);
    pm.write(0x600, 2, 1);
    EXPECT_FALSE(irqs.levels[9]);
    timers.advance(600'000'000'000);
    EXPECT_TRUE(irqs.levels[9]);
}

TEST_F(Acpi_pm_test, TheButtonInterrupts)
{
    pm.press_power_button();
    EXPECT_FALSE(irqs.levels[9]);
    pm.write(0x602, 2, 0x100);
    EXPECT_TRUE(irqs.levels[9]);
    pm.write(0x600, 2, 0x100);
    EXPECT_FALSE(irqs.levels[9]);
    EXPECT_EQ(pm.read(0x60c, 1), 0xffu);
}

TEST_F(Acpi_pm_test, SurvivesGarbage)
{
    Garbage garbage(5);
    for (unsigned i = 0; i < 100'000; ++i)
    {
        auto const port = static_cast<std::uint16_t>(garbage.below(8) ? 0x600 + garbage.below(16) : garbage.number());
        if (garbage.below(2))
            pm.read(port, 1u << garbage.below(3));
        else
            pm.write(port, 1u << garbage.below(3), static_cast<std::uint32_t>(garbage.number()));
        if (garbage.below(16) == 0)
            timers.advance(garbage.below(100'000'000'000));
    }
}

TEST(ResetControl, ResetsInThreeWays)
{
    Recording_machine machine;
    Reset_control control(machine);
    control.write_byte(0xcf9, 0x02);
    EXPECT_EQ(machine.resets, 0u);
    control.write_byte(0xcf9, 0x06);
    EXPECT_EQ(machine.resets, 1u);
    EXPECT_EQ(control.read_byte(0xcf9), 0x02);
    control.write_byte(0x64, 0x20);
    control.write_byte(0x64, 0xfe);
    EXPECT_EQ(machine.resets, 2u);
    control.write_byte(0x92, 0x03);
    EXPECT_EQ(machine.resets, 3u);
    EXPECT_EQ(control.read_byte(0x92), 0x02);
    EXPECT_EQ(control.read_byte(0x60), 0xff);
    control.write_byte(0x60, 0xfe);
    EXPECT_EQ(machine.resets, 3u);
}

TEST(DebugExit, TellsTheValue)
{
    Recording_machine machine;
    Debug_exit device(machine);
    device.write(0);
    device.write(0x1234);
    EXPECT_EQ(machine.exits, (std::vector<std::uint32_t>{0, 0x1234}));
}

class Plain_function final : public Pci_function
{
public:
    std::uint32_t read_configuration(unsigned offset, unsigned size) override
    {
        EXPECT_LE(offset + size, 4096u);
        EXPECT_EQ(offset % size, 0u);
        return static_cast<std::uint32_t>(0x1122'3344u >> (offset % 4 * 8));
    }
    void write_configuration(unsigned offset, unsigned size, std::uint32_t value) override
    {
        EXPECT_LE(offset + size, 4096u);
        written.push_back({offset, value});
    }

    std::vector<std::pair<unsigned, std::uint32_t>> written;
};

class Pci_test : public testing::Test
{
protected:
    Pci_test() { EXPECT_TRUE(bus.add(0, 0, bridge)); }
    std::uint32_t configuration(std::uint32_t address, unsigned offset, unsigned size)
    {
        bus.write(0xcf8, 4, 0x8000'0000 | address);
        return bus.read(static_cast<std::uint16_t>(0xcfc + offset), size);
    }

    Recording_machine machine;
    Reset_control resets{machine};
    Pci_host_bridge bridge;
    Pci_bus bus{resets};
};

TEST_F(Pci_test, FindsTheBridgeAlone)
{
    EXPECT_EQ(configuration(0, 0, 4), 0x29c0'8086u);
    EXPECT_EQ(configuration(0, 2, 2), 0x29c0u);
    EXPECT_EQ(configuration(8, 2, 2), 0x0600u); // class: host bridge
    EXPECT_EQ(configuration(0x0c, 2, 1), 0u);   // header type 0, one function
    EXPECT_EQ(configuration(1 << 8, 0, 4), 0xffff'ffffu);
    EXPECT_EQ(configuration(1 << 11, 0, 2), 0xffffu);
    EXPECT_EQ(configuration(1 << 16, 0, 4), 0xffff'ffffu);
    EXPECT_EQ(bus.read(0xcf8, 4), 0x8001'0000u);
    bus.write(0xcf8, 4, 0);
    EXPECT_EQ(bus.read(0xcfc, 4), 0xffff'ffffu); // not enabled
}

TEST_F(Pci_test, AnswersByEcam)
{
    EXPECT_EQ(bus.read_ecam(0, 4), 0x29c0'8086u);
    EXPECT_EQ(bus.read_ecam(0, 8), 0x0000'0006'29c0'8086u);
    EXPECT_EQ(bus.read_ecam(0x8000, 4), 0xffff'ffffu);
    EXPECT_EQ(bus.read_ecam(0x8000, 8), ~std::uint64_t{0});
    EXPECT_EQ(bus.read_ecam(Pci_bus::ecam_size, 2), 0xffffu);
    EXPECT_EQ(bus.read_ecam(1, 4), 0xffff'ffffu); // across words
}

TEST_F(Pci_test, TakesDevices)
{
    Plain_function device;
    EXPECT_TRUE(bus.add(3, 1, device));
    EXPECT_EQ(bus.add(3, 1, device).error(), Error::exists);
    EXPECT_EQ(bus.add(32, 0, device).error(), Error::out_of_range);
    EXPECT_EQ(configuration(3 << 11 | 1 << 8 | 0x10, 1, 1), 0x33u);
    bus.write(0xcfe, 2, 0xabcd'beef);
    bus.write_ecam(3 << 15 | 1 << 12 | 0xffc, 4, 7);
    bus.write_ecam(3 << 15 | 1 << 12 | 0x40, 8, 0x0000'0002'0000'0001);
    ASSERT_EQ(device.written.size(), 4u);
    EXPECT_EQ(device.written[0], (std::pair<unsigned, std::uint32_t>{0x12, 0xbeef}));
    EXPECT_EQ(device.written[1], (std::pair<unsigned, std::uint32_t>{0xffc, 7}));
    EXPECT_EQ(device.written[3], (std::pair<unsigned, std::uint32_t>{0x44, 2}));
}

TEST_F(Pci_test, LeavesTheResetRegisterInItsMidst)
{
    bus.write(0xcf9, 1, 6);
    EXPECT_EQ(machine.resets, 1u);
    EXPECT_EQ(bus.read(0xcf8, 4), 0u);
}

TEST_F(Pci_test, SurvivesGarbage)
{
    Garbage garbage(6);
    Plain_function device;
    EXPECT_TRUE(bus.add(1, 0, device));
    for (unsigned i = 0; i < 200'000; ++i)
    {
        auto const size = 1u << garbage.below(3);
        auto const port = static_cast<std::uint16_t>(0xcf8 + garbage.below(8));
        switch (garbage.below(4))
        {
        case 0:
            bus.read(port, size);
            break;
        case 1:
            bus.write(port, size, static_cast<std::uint32_t>(garbage.number()));
            break;
        case 2:
            bus.read_ecam(garbage.below(2) ? garbage.number() : garbage.below(1 << 20), 1u << garbage.below(4));
            break;
        default:
            bus.write_ecam(garbage.number(), 1u << garbage.below(4), garbage.number());
            break;
        }
        device.written.clear();
    }
}

} // namespace ovm::interface::test
