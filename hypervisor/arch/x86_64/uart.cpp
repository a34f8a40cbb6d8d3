#include "arch/processor.hpp"
#include "arch/x86_64/serial.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint8_t fifo_size = 16;
constexpr std::uint32_t patience = 200'000; ///< polls; a byte takes 87 us at 115200 baud

} // namespace

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
    for (std::uint32_t polls = stalled_ ? patience : 0; !try_write(byte); ++polls)
    {
        if (polls >= patience)
        {
            stalled_ = true;
            return;
        }
        pause();
    }
    stalled_ = false;
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

void Uart::renew_receive_interrupt()
{
    if (!present_)
        return;
    out8(at(1), 0);
    out8(at(1), 0x01);
}

} // namespace ovm::arch
