#include "arch/x86_64/serial.hpp"

#include <atomic>

#include "arch/processor.hpp"
#include "arch/screen.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint8_t fifo_size = 16;
constexpr std::uint32_t patience = 200'000; ///< polls; a byte takes 87 us at 115200 baud

constinit Uart first{Port(0x3f8)};
constinit Uart second{Port(0x2f8)};
constinit std::atomic<bool> writing{false};

} // namespace

Uart& com1()
{
    return first;
}

Uart& com2()
{
    return second;
}

bool Uart::start()
{
    present_ = false;
    // The scratch register says quickly that there is none, the loopback surely that there is one.
    out8(at(7), 0x5a);
    if (in8(at(7)) != 0x5a)
        return false;
    out8(at(1), 0);    // no interrupts
    out8(at(3), 0x80); // divisor latch
    out8(at(0), 1);    // 115200
    out8(at(1), 0);
    out8(at(3), 0x03); // 8N1
    out8(at(2), 0xc7); // FIFOs on and cleared
    out8(at(4), 0x1e); // loopback
    out8(at(0), 0xa5);
    for (unsigned i = 0; i < 50'000 && !present_; ++i)
        present_ = (in8(at(5)) & 0x01) != 0 && in8(at(0)) == 0xa5;
    out8(at(4), 0x0b); // DTR, RTS, OUT2: interrupts may pass
    space_ = 0;
    return present_;
}

bool Uart::try_write(std::uint8_t byte)
{
    if (!present_)
        return true;
    if (space_ == 0)
    {
        if ((in8(at(5)) & 0x20) == 0)
            return false;
        space_ = fifo_size;
    }
    --space_;
    out8(at(0), byte);
    return true;
}

void Uart::write(std::uint8_t byte)
{
    std::uint32_t polls = 0;
    while (!try_write(byte))
    {
        if (++polls == patience)
        {
            present_ = false;
            return;
        }
        pause();
    }
}

int Uart::read()
{
    if (!present_ || (in8(at(5)) & 0x01) == 0)
        return -1;
    return in8(at(0));
}

void Uart::enable_receive_interrupt()
{
    if (present_)
        out8(at(1), 0x01);
}

void write_serial(std::string_view text)
{
    // Another core's line is worth a moment, a core that stopped within its line is not.
    for (unsigned i = 0; i < 2'000'000 && writing.exchange(true, std::memory_order_acquire); ++i)
        pause();
    char before = 0;
    for (char character : text)
    {
        if (character == '\n' && before != '\r')
            first.write('\r');
        first.write(static_cast<std::uint8_t>(character));
        before = character;
    }
    write_screen(text);
    writing.store(false, std::memory_order_release);
}

} // namespace ovm::arch
