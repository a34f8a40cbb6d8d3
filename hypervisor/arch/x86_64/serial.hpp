#pragma once

#include <cstdint>

#include "arch/x86_64/port.hpp"

namespace ovm::arch
{

/// A 16550 (National Semiconductor PC16550D, section 8). Transmission is polled and bounded: without a UART, or with
/// one that hangs, bytes are lost and nothing waits: after one long wait in vain, each byte gets a single look until
/// the transmitter moves again.
/// Concurrency: the caller's; registers are not locked here.
class Uart
{
public:
    explicit constexpr Uart(Port base) : base_(base) {}

    /// Finds the UART by its loopback, sets 115200 baud, 8N1, FIFOs on. False when there is none.
    bool start();
    bool present() const { return present_; }

    void write(std::uint8_t byte);
    /// False while the transmitter is busy; without a UART the byte vanishes.
    bool try_write(std::uint8_t byte);
    /// A received byte, or -1.
    int read();
    /// Asks for an interrupt when bytes were received.
    void enable_receive_interrupt();
    /// As above, and if bytes wait already, the line rises anew for them.
    void renew_receive_interrupt();

private:
    Port at(std::uint16_t offset) const { return Port(static_cast<std::uint16_t>(base_.value() + offset)); }

    Port base_;
    bool present_ = false;
    bool stalled_ = false;   ///< the last byte found no place in time
    std::uint8_t space_ = 0; ///< bytes that fit into the transmit FIFO for sure
};

/// COM1: the person's terminal and log. COM2: records from and for the launcher.
Uart& com1();
Uart& com2();

} // namespace ovm::arch
