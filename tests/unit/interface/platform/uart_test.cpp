#include <gtest/gtest.h>

#include "interface/platform/device_fakes.hpp"
#include "interface/platform/uart.hpp"

namespace ovm::interface::test
{

class Uart_test : public testing::Test
{
protected:
    static constexpr std::uint16_t base = 0x3f8;

    std::uint8_t in(unsigned offset) { return uart.read_byte(static_cast<std::uint16_t>(base + offset)); }
    void out(unsigned offset, unsigned value)
    {
        uart.write_byte(static_cast<std::uint16_t>(base + offset), static_cast<std::uint8_t>(value));
    }
    bool line() { return irqs.levels[4]; }

    Fake_timers timers;
    Recording_irq_sink irqs;
    Recording_byte_sink far_end;
    Uart uart{timers.clock(), Irq_line(irqs, 4), far_end};
};

TEST_F(Uart_test, IsFoundAsA16550A)
{
    // The steps of Linux' 8250 autoconfig.
    out(1, 0);
    EXPECT_EQ(in(1) & 0x0f, 0);
    out(1, 0xff);
    EXPECT_EQ(in(1), 0x0f);
    out(1, 0);
    out(4, 0x10 | 0x0a); // loop, RTS, OUT2
    EXPECT_EQ(in(6) & 0xf0, 0x90);
    out(4, 0);
    out(2, 1);
    EXPECT_EQ(in(2) >> 6, 3);
    out(2, 0);
    EXPECT_EQ(in(2) >> 6, 0);
    out(7, 0x5a);
    EXPECT_EQ(in(7), 0x5a);
    out(2, 0x21);
    EXPECT_EQ(in(2) & 0x20, 0); // no 16750
}

TEST_F(Uart_test, KeepsTheDivisorApart)
{
    out(3, 0x80);
    out(0, 0x34);
    out(1, 0x12);
    EXPECT_EQ(in(0), 0x34);
    EXPECT_EQ(in(1), 0x12);
    out(3, 0x03);
    EXPECT_EQ(in(1), 0);
    EXPECT_TRUE(far_end.text.empty());
}

TEST_F(Uart_test, SendsAndSignalsEmptiness)
{
    out(0, 'h');
    out(0, 'i');
    EXPECT_EQ(far_end.text, "hi");
    EXPECT_EQ(in(5), 0x60);
    EXPECT_FALSE(line());
    out(1, 2);
    EXPECT_TRUE(line()); // enabling asks at once
    EXPECT_EQ(in(2), 0x02);
    EXPECT_FALSE(line()); // reading it was the answer
    EXPECT_EQ(in(2), 0x01);
    out(1, 0);
    out(1, 2);
    EXPECT_TRUE(line()); // and again at each rise of the enable bit
    EXPECT_EQ(in(2), 0x02);
    out(0, '!');
    EXPECT_TRUE(line());
}

TEST_F(Uart_test, HoldsBackWhenTheFarEndIsFull)
{
    far_end.room = 1;
    out(2, 1);
    out(1, 2);
    in(2);
    out(0, 'a');
    in(2);
    out(0, 'b');
    EXPECT_EQ(in(5) & 0x60, 0);
    EXPECT_FALSE(line());
    for (char c = 'c'; c < 'r'; ++c)
        out(0, static_cast<unsigned>(c));
    timers.advance(2'000'000);
    EXPECT_EQ(in(5) & 0x60, 0);
    far_end.room = 100;
    timers.advance(1'100'000);
    EXPECT_EQ(far_end.text, "abcdefghijklmnopq");
    EXPECT_EQ(in(5) & 0x60, 0x60);
    EXPECT_TRUE(line());
    EXPECT_TRUE(timers.empty());
}

TEST_F(Uart_test, Receives)
{
    out(2, 0x41); // FIFO, trigger at 4
    out(1, 1);
    EXPECT_TRUE(uart.put('x'));
    EXPECT_TRUE(line());
    EXPECT_EQ(in(2), 0xcc); // fewer than the trigger: time-out
    for (char c : {'y', 'z', 'w'})
        EXPECT_TRUE(uart.put(static_cast<std::uint8_t>(c)));
    EXPECT_EQ(in(2), 0xc4);
    EXPECT_EQ(in(5) & 1, 1);
    EXPECT_EQ(in(0), 'x');
    EXPECT_EQ(in(0), 'y');
    EXPECT_EQ(in(0), 'z');
    EXPECT_TRUE(line());
    EXPECT_EQ(in(0), 'w');
    EXPECT_FALSE(line());
    EXPECT_EQ(in(0), 0);
    for (unsigned i = 0; i < 16; ++i)
        EXPECT_TRUE(uart.put(1));
    EXPECT_FALSE(uart.put(1)); // the sender keeps it
    out(2, 0x03);
    EXPECT_EQ(in(5) & 1, 0);
}

TEST_F(Uart_test, HoldsOneByteWithoutFifo)
{
    EXPECT_TRUE(uart.put('x'));
    EXPECT_FALSE(uart.put('y'));
    EXPECT_EQ(in(0), 'x');
    EXPECT_TRUE(uart.put('y'));
}

TEST_F(Uart_test, LoopsBack)
{
    out(2, 1);
    out(4, 0x10);
    out(0, 'q');
    EXPECT_TRUE(far_end.text.empty());
    EXPECT_EQ(in(0), 'q');
    EXPECT_TRUE(uart.put('z'));
    EXPECT_EQ(in(5) & 1, 0); // the wire is cut
    for (unsigned i = 0; i < 17; ++i)
        out(0, i);
    EXPECT_EQ(in(5) & 2, 2); // overrun, once
    EXPECT_EQ(in(5) & 2, 0);
}

TEST_F(Uart_test, ReportsModemChanges)
{
    out(1, 8);
    in(6);
    out(4, 0x10); // into loop: CTS, DSR, DCD fall
    EXPECT_TRUE(line());
    EXPECT_EQ(in(2) & 0x0f, 0);
    EXPECT_EQ(in(6), 0x0b);
    EXPECT_FALSE(line());
    out(4, 0x14); // RI rises: no delta; falls: one
    EXPECT_EQ(in(6), 0x40);
    out(4, 0x10);
    EXPECT_EQ(in(6), 0x04);
}

TEST_F(Uart_test, SplitsWideAccesses)
{
    uart.write_wide(base + 7, 1, 0xaa);
    EXPECT_EQ(uart.read_wide(base + 6, 2) >> 8, 0xaau);
}

TEST_F(Uart_test, ResetSendsWhatWaits)
{
    far_end.room = 0;
    out(0, 'l');
    far_end.room = 10;
    uart.reset();
    EXPECT_EQ(far_end.text, "l");
    EXPECT_EQ(in(5), 0x60);
    EXPECT_EQ(in(1), 0);
}

TEST_F(Uart_test, SurvivesGarbage)
{
    Garbage garbage(1);
    for (unsigned i = 0; i < 200'000; ++i)
    {
        far_end.room = garbage.below(4);
        auto const port = static_cast<std::uint16_t>(garbage.number());
        switch (garbage.below(4))
        {
        case 0:
            uart.read_wide(port, 1u << garbage.below(3));
            break;
        case 1:
            uart.put(static_cast<std::uint8_t>(garbage.number()));
            break;
        case 2:
            timers.advance(garbage.below(2'000'000));
            break;
        default:
            uart.write_wide(port, 1u << garbage.below(3), static_cast<std::uint32_t>(garbage.number()));
            break;
        }
    }
    uart.reset();
    EXPECT_EQ(in(5) & 1, 0);
}

} // namespace ovm::interface::test
