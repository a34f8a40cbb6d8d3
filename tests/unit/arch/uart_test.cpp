// The machine's UART on ports of the test's own.
#include "arch/x86_64/serial.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ovm::arch
{

namespace
{

/// A 16550 that can stop sending.
struct Fake_uart
{
    bool stuck = false;
    std::uint64_t looks = 0;
    std::uint8_t scratch = 0;
    std::uint8_t modem = 0;
    std::string sent{};

    static constexpr std::uint8_t loopback = 0x10;

    std::uint8_t read(std::uint16_t offset)
    {
        switch (offset)
        {
        case 0:
            return 0xa5;
        case 5:
            ++looks;
            return static_cast<std::uint8_t>((modem & loopback ? 0x01 : 0) | (stuck ? 0 : 0x20));
        case 7:
            return scratch;
        default:
            return 0;
        }
    }
    void write(std::uint16_t offset, std::uint8_t value)
    {
        if (offset == 7)
            scratch = value;
        if (offset == 4)
            modem = value;
        if (offset == 0 && modem != 0 && !(modem & loopback))
            sent.push_back(static_cast<char>(value));
    }
};

Fake_uart fake;

std::uint8_t fake_in8(Port port)
{
    return fake.read(port.value() & 7);
}
void fake_out8(Port port, std::uint8_t value)
{
    fake.write(port.value() & 7, value);
}

} // namespace

} // namespace ovm::arch

#define in8 fake_in8
#define out8 fake_out8
#include "arch/x86_64/uart.cpp"
#undef in8
#undef out8

namespace ovm::arch::test
{

TEST(Uart, AStallIsNotForEver)
{
    fake = {};
    Uart uart{Port(0x3f8)};
    ASSERT_TRUE(uart.start());
    fake.sent.clear();
    fake.stuck = true;
    uart.write('a'); // waits in vain
    EXPECT_EQ(fake.sent, "");
    auto const before = fake.looks;
    for (unsigned i = 0; i < 1000; ++i)
        uart.write('b'); // and no more
    EXPECT_EQ(fake.looks, before + 1000);
    EXPECT_TRUE(uart.present());
    fake.stuck = false;
    for (char const character : std::string_view("here again"))
        uart.write(static_cast<std::uint8_t>(character));
    EXPECT_EQ(fake.sent, "here again");
}

TEST(Uart, WithoutOneNothingIsSent)
{
    fake = {};
    fake.stuck = true;
    Uart uart{Port(0x2f8)};
    EXPECT_FALSE(uart.present());
    uart.write('a');
    EXPECT_EQ(fake.looks, 0u);
}

} // namespace ovm::arch::test
