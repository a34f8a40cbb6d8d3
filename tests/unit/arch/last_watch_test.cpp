#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "arch/watch_rings.hpp"
#include "arch/x86_64/event_timer.hpp"

namespace ovm::test
{
namespace
{

/// An HPET with two comparators, of which only the second one is as wide as a wide counter; each write is followed by a
/// look whether it rings, as an emulator has it.
struct Device
{
    std::uint64_t counter = 0;
    std::array<std::uint64_t, 2> times{~std::uint64_t{0}, ~std::uint64_t{0}};
    std::array<std::uint32_t, 2> settings{};
    std::uint32_t running = 2;
    bool counter_is_wide = true;
    std::uint32_t period = 10'000'000; ///< femtoseconds
    std::array<std::uint32_t, 2> inputs{0x00ff'0104, 0x00ff'0104};
    unsigned rings = 0;

    std::uint64_t mask() const { return counter_is_wide ? ~std::uint64_t{0} : 0xffff'ffff; }
    void look()
    {
        for (std::size_t i = 0; i < times.size(); ++i)
        {
            auto const distance = times[i] - counter;
            bool const passed =
                counter_is_wide ? static_cast<std::int64_t>(distance) <= 0 : static_cast<std::int32_t>(distance) <= 0;
            rings += running == 1 && (settings[i] & 4) != 0 && passed ? 1 : 0;
        }
    }
};

class Fake_registers
{
public:
    Fake_registers() = default;
    explicit Fake_registers(Device& device) : device_(&device) {}

    std::uint32_t read(std::uint32_t offset) const
    {
        auto& device = *device_;
        auto const place = (offset - 0x100) / 0x20;
        switch (offset < 0x100 ? offset : 0x100 + offset % 0x20)
        {
        case 0:
            return 1u << 8 | (device.counter_is_wide ? 1u << 13 : 0);
        case 4:
            return device.period;
        case 0x10:
            return device.running;
        case 0xf0:
            return static_cast<std::uint32_t>(device.counter);
        case 0xf4:
            return static_cast<std::uint32_t>(device.counter >> 32);
        case 0x100:
            return device.settings[place] | (place == 1 && device.counter_is_wide ? 1u << 5 : 0);
        case 0x104:
            return device.inputs[place];
        default:
            ADD_FAILURE() << "read of " << offset;
            return 0;
        }
    }
    void write(std::uint32_t offset, std::uint32_t value)
    {
        auto& device = *device_;
        auto const place = (offset - 0x100) / 0x20;
        switch (offset < 0x100 ? offset : 0x100 + offset % 0x20)
        {
        case 0x10:
            device.running = value;
            break;
        case 0x100:
            device.settings[place] = value;
            break;
        case 0x108:
            device.times[place] = (device.times[place] & 0xffff'ffff'0000'0000) | value;
            break;
        case 0x10c:
            device.times[place] = (device.times[place] & 0xffff'ffff) | std::uint64_t{value} << 32;
            break;
        default:
            ADD_FAILURE() << "write of " << offset;
        }
        device.look();
    }

private:
    Device* device_ = nullptr;
};

constexpr Nanoseconds second{1'000'000'000};

TEST(Event_timer, takes_the_comparator_of_the_counters_width_and_the_last_input_that_it_gets)
{
    Device device;
    arch::Event_timer timer{Fake_registers(device)};
    std::vector<std::uint32_t> asked;
    auto const take = [&](std::uint32_t input)
    {
        asked.push_back(input);
        return input == 21;
    };
    EXPECT_EQ(timer.open(take), 21u);
    EXPECT_EQ(asked, (std::vector<std::uint32_t>{23, 22, 21}));
    EXPECT_EQ(device.running, 1u) << "without the inputs of old devices";
    EXPECT_EQ(device.settings[1], 21u << 9) << "edge, once, not armed";
    EXPECT_EQ(device.settings[0], 0u);
}

TEST(Event_timer, is_refused_by_a_device_that_does_not_fit)
{
    auto const opens = [](Device device)
    {
        arch::Event_timer timer{Fake_registers(device)};
        return timer.open([](std::uint32_t) { return true; }).has_value();
    };
    EXPECT_TRUE(opens({}));
    EXPECT_FALSE(opens({.period = 0}));
    EXPECT_FALSE(opens({.period = 100'000'001}));
    EXPECT_FALSE(opens({.inputs = {0x00ff'0000, 0x104}})) << "ISA's inputs are others'";
    EXPECT_TRUE(opens({.counter_is_wide = false, .inputs = {0x104, 0x10'0000}}));
}

TEST(Event_timer, rings_when_it_is_over_and_never_while_it_is_armed_again)
{
    for (bool const wide : {true, false})
    {
        // The counter goes round its low half, and a narrow one all of it, within this.
        Device device{.counter = 0xffff'ffff - 1'000'000'000, .counter_is_wide = wide};
        device.counter &= device.mask();
        arch::Event_timer timer{Fake_registers(device)};
        ASSERT_TRUE(timer.open([](std::uint32_t) { return true; }));
        for (unsigned i = 0; i < 100; ++i)
        {
            timer.arm(second * 2);
            device.look();
            ASSERT_EQ(device.rings, 0u) << i;
            device.counter = (device.counter + 50'000'000) & device.mask();
        }
        for (unsigned i = 0; i < 100; ++i)
        {
            device.counter = (device.counter + 200'000'000) & device.mask();
            device.rings = 0;
            device.look();
            EXPECT_EQ(device.rings, 1u);
            timer.arm(second / 2);
            EXPECT_EQ(device.rings, 1u) << "a time that has passed between two writes";
            device.counter = (device.counter + 49'000'000) & device.mask();
            device.look();
            EXPECT_EQ(device.rings, 1u);
        }
        timer.disarm();
        device.counter = (device.counter + 200'000'000) & device.mask();
        device.look();
        EXPECT_EQ(device.rings, 1u);
    }
}

constexpr Core_id core0{0};
constexpr Core_id core1{1};

TEST(Watch_rings, an_nmi_before_the_end_is_not_the_watchs)
{
    arch::Watch_rings rings;
    EXPECT_FALSE(rings.is_over(core1, Ticks(~std::uint64_t{0} - 1))) << "never set";
    rings.renew(Ticks(0), Ticks(100));
    EXPECT_FALSE(rings.is_over(core0, Ticks(99)));
    EXPECT_FALSE(rings.is_over(core1, Ticks(99)));
}

TEST(Watch_rings, every_core_gets_one_for_each_end_before_core_0_or_after_it)
{
    arch::Watch_rings rings;
    rings.renew(Ticks(0), Ticks(100));
    for (std::uint64_t round = 1; round < 10; ++round)
    {
        Ticks const now(100 * round);
        EXPECT_TRUE(rings.is_over(core1, now));
        EXPECT_FALSE(rings.is_over(core1, now)) << "two before core 0 has set it again";
        EXPECT_TRUE(rings.is_over(core0, now));
        rings.renew(now, now + Ticks(100));
        EXPECT_TRUE(rings.is_over(Core_id(2), now + Ticks(1)));
        for (auto const core : {0u, 1u, 2u})
            EXPECT_FALSE(rings.is_over(Core_id(core), now + Ticks(2)));
    }
}

TEST(Watch_rings, one_that_was_renewed_late_may_have_rung)
{
    arch::Watch_rings rings;
    rings.renew(Ticks(0), Ticks(100));
    EXPECT_TRUE(rings.is_over(core1, Ticks(110)));
    rings.renew(Ticks(120), Ticks(300));
    for (auto const core : {0u, 2u})
    {
        EXPECT_TRUE(rings.is_over(Core_id(core), Ticks(121)));
        EXPECT_FALSE(rings.is_over(Core_id(core), Ticks(122)));
    }
    EXPECT_FALSE(rings.is_over(core1, Ticks(122)));
    rings.renew(Ticks(200), Ticks(400));
    EXPECT_FALSE(rings.is_over(core0, Ticks(201))) << "in time";
}

TEST(Watch_rings, cores_that_missed_some_have_two_for_all_of_them)
{
    arch::Watch_rings rings;
    rings.renew(Ticks(0), Ticks(100));
    for (std::uint64_t round = 1; round < 5; ++round)
    {
        EXPECT_TRUE(rings.is_over(core0, Ticks(100 * round)));
        rings.renew(Ticks(100 * round), Ticks(100 * round + 100));
    }
    EXPECT_TRUE(rings.is_over(core1, Ticks(450)));
    EXPECT_TRUE(rings.is_over(core1, Ticks(451))) << "it came while the other one's handler ran";
    EXPECT_FALSE(rings.is_over(core1, Ticks(452)));
}

} // namespace
} // namespace ovm::test
