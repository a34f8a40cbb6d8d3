#pragma once

#include <cstdint>

/// The machine's two UARTs, for the console. Without a UART, output vanishes and input never comes.
namespace ovm::arch
{

enum class Serial : std::uint8_t
{
    terminal, ///< COM1: a person, and the log
    records,  ///< COM2: a program, as the launcher
};

bool serial_present(Serial line);
/// False while the transmitter is busy; never waits. Concurrency: one core at a time for each line.
bool try_write_serial(Serial line, std::uint8_t byte);

/// Takes the bytes that come on a line.
class Serial_receiver
{
public:
    /// Called on core 0, inside take_interrupts or wait_for_interrupt, without any lock held.
    virtual void received(Serial line, std::uint8_t byte) = 0;

protected:
    ~Serial_receiver() = default;
};

/// From now on the line's bytes go to `receiver`, the same one for both lines, which lives as long as the hypervisor.
/// Call it on core 0.
void listen_serial(Serial line, Serial_receiver& receiver);

} // namespace ovm::arch
