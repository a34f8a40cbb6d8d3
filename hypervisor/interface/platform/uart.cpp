#include "interface/platform/uart.hpp"

#include "base/bits.hpp"

namespace ovm::interface
{
namespace
{

// Register offsets (PC16550D, table II).
constexpr unsigned data = 0;
constexpr unsigned interrupt_enable = 1;
constexpr unsigned identification_or_fifo = 2;
constexpr unsigned line_control = 3;
constexpr unsigned modem_control = 4;
constexpr unsigned line_status = 5;
constexpr unsigned modem_status = 6;

constexpr std::uint8_t enable_received = 0x01;
constexpr std::uint8_t enable_transmitter = 0x02;
constexpr std::uint8_t enable_line = 0x04;
constexpr std::uint8_t enable_modem = 0x08;

// Interrupt identification, highest priority first (table IV).
constexpr std::uint8_t identifies_line = 0x06;
constexpr std::uint8_t identifies_received = 0x04;
constexpr std::uint8_t identifies_timeout = 0x0c;
constexpr std::uint8_t identifies_transmitter = 0x02;
constexpr std::uint8_t identifies_modem = 0x00;
constexpr std::uint8_t identifies_nothing = 0x01;

constexpr std::uint8_t divisor_access = 0x80;
constexpr std::uint8_t loop = 0x10;

constexpr std::uint8_t status_ready = 0x01;
constexpr std::uint8_t status_overrun = 0x02;
constexpr std::uint8_t status_holding_empty = 0x20;
constexpr std::uint8_t status_all_empty = 0x40;

constexpr std::uint64_t retries_per_second = 1000;

} // namespace

Uart::Uart(Platform_clock clock, Irq_line irq, Byte_sink& output) : clock_(clock), irq_(irq), output_(output) {}

Uart::~Uart()
{
    stop();
}

void Uart::stop()
{
    clock_.timers.retire(timer_);
}

void Uart::reset()
{
    Lock_guard const guard(lock_);
    reset_locked();
}

void Uart::reset_locked()
{
    // What was sent before the reset still reaches the person.
    drain_locked();
    received_.clear();
    fifo_enabled_ = false;
    transmitter_empty_pending_ = false;
    overrun_ = false;
    trigger_ = 1;
    interrupt_enable_ = 0;
    line_control_ = 0;
    modem_control_ = 0;
    modem_deltas_ = 0;
    scratch_ = 0;
    divisor_low_ = 12;
    divisor_high_ = 0;
    update_line_locked();
}

std::uint8_t Uart::read_byte(std::uint16_t port)
{
    Lock_guard const guard(lock_);
    auto const value = read_locked(port & 7);
    update_line_locked();
    return value;
}

void Uart::write_byte(std::uint16_t port, std::uint8_t value)
{
    Lock_guard const guard(lock_);
    write_locked(port & 7, value);
    update_line_locked();
}

bool Uart::put(std::uint8_t byte)
{
    Lock_guard const guard(lock_);
    if (modem_control_ & loop)
        return true; // the receiver is cut from the wire: what arrives is gone
    bool const taken = receive_locked(byte);
    update_line_locked();
    return taken;
}

std::uint8_t Uart::read_locked(unsigned offset)
{
    bool const latches = line_control_ & divisor_access;
    switch (offset)
    {
    case data:
        return latches ? divisor_low_ : read_received_locked();
    case interrupt_enable:
        return latches ? divisor_high_ : interrupt_enable_;
    case identification_or_fifo:
    {
        auto const source = interrupt_locked();
        if (source == identifies_transmitter)
            transmitter_empty_pending_ = false;
        return static_cast<std::uint8_t>(source | (fifo_enabled_ ? 0xc0 : 0));
    }
    case line_control:
        return line_control_;
    case modem_control:
        return modem_control_;
    case line_status:
    {
        std::uint8_t status = 0;
        if (!received_.empty())
            status |= status_ready;
        if (overrun_)
            status |= status_overrun;
        if (sending_.empty())
            status |= status_holding_empty | status_all_empty;
        overrun_ = false;
        return status;
    }
    case modem_status:
    {
        auto const status = modem_status_locked();
        modem_deltas_ = 0;
        return status;
    }
    default:
        return scratch_;
    }
}

std::uint8_t Uart::read_received_locked()
{
    if (received_.empty())
        return 0;
    auto const byte = received_.front();
    received_.pop();
    return byte;
}

void Uart::write_locked(unsigned offset, std::uint8_t value)
{
    bool const latches = line_control_ & divisor_access;
    switch (offset)
    {
    case data:
        if (latches)
            divisor_low_ = value;
        else
            transmit_locked(value);
        break;
    case interrupt_enable:
        if (latches)
            divisor_high_ = value;
        else
            write_interrupt_enable_locked(value);
        break;
    case identification_or_fifo:
        write_fifo_control_locked(value);
        break;
    case line_control:
        line_control_ = value;
        break;
    case modem_control:
        write_modem_control_locked(value);
        break;
    case line_status:
    case modem_status:
        break; // factory tests only
    default:
        scratch_ = value;
        break;
    }
}

void Uart::write_interrupt_enable_locked(std::uint8_t value)
{
    value &= 0x0f;
    // Enabling the transmitter's interrupt while it is empty raises it at once, each time: drivers start with it.
    if ((value & ~interrupt_enable_ & enable_transmitter) && sending_.empty())
        transmitter_empty_pending_ = true;
    interrupt_enable_ = value;
}

void Uart::write_fifo_control_locked(std::uint8_t value)
{
    static constexpr std::array<std::uint8_t, 4> triggers{1, 4, 8, 14};
    bool const enabled = value & 0x01;
    if (enabled != fifo_enabled_ || (value & 0x02))
    {
        received_.clear();
        overrun_ = false;
    }
    // A transmitter reset has nothing to drop: what waits here has left the chip as far as the guest could know.
    fifo_enabled_ = enabled;
    trigger_ = enabled ? triggers[value >> 6] : std::uint8_t{1};
}

void Uart::write_modem_control_locked(std::uint8_t value)
{
    auto const before = modem_status_locked();
    modem_control_ = value & 0x1f;
    auto const after = modem_status_locked();
    auto const changed = static_cast<std::uint8_t>((before ^ after) >> 4);
    // CTS, DSR and DCD report every change, RI its trailing edge only.
    modem_deltas_ |= changed & 0x0b;
    if ((changed & 0x04) && !(after & 0x40))
        modem_deltas_ |= 0x04;
}

bool Uart::receive_locked(std::uint8_t byte)
{
    if (received_.size() >= (fifo_enabled_ ? 16u : 1u))
        return false;
    received_.push(byte);
    return true;
}

void Uart::transmit_locked(std::uint8_t byte)
{
    if (modem_control_ & loop)
    {
        if (!receive_locked(byte))
            overrun_ = true;
        transmitter_empty_pending_ = true;
        return;
    }
    drain_locked();
    transmitter_empty_pending_ = false;
    sending_.push(byte); // full only when the guest ignored the busy transmitter: then its byte is lost
    drain_locked();
}

void Uart::drain_locked()
{
    bool const had_some = !sending_.empty();
    while (!sending_.empty() && output_.put(sending_.front()))
        sending_.pop();
    if (sending_.empty())
        transmitter_empty_pending_ = transmitter_empty_pending_ || had_some;
    else if (!retrying_)
    {
        retrying_ = true;
        clock_.timers.arm(timer_, clock_.now() + Ticks(clock_.ticks_per_second / retries_per_second));
    }
}

void Uart::retry(Ticks)
{
    Lock_guard const guard(lock_);
    if (!retrying_)
        return;
    retrying_ = false;
    drain_locked();
    update_line_locked();
}

std::uint8_t Uart::modem_status_locked() const
{
    if (modem_control_ & loop)
    {
        // RTS, DTR, OUT1, OUT2 appear as CTS, DSR, RI, DCD.
        auto const outputs = modem_control_;
        std::uint8_t inputs = 0;
        if (outputs & 0x02)
            inputs |= 0x10;
        if (outputs & 0x01)
            inputs |= 0x20;
        if (outputs & 0x04)
            inputs |= 0x40;
        if (outputs & 0x08)
            inputs |= 0x80;
        return inputs | modem_deltas_;
    }
    return 0xb0 | modem_deltas_; // carrier, data set ready, clear to send: somebody is always there
}

std::uint8_t Uart::interrupt_locked() const
{
    if ((interrupt_enable_ & enable_line) && overrun_)
        return identifies_line;
    if ((interrupt_enable_ & enable_received) && !received_.empty())
        return received_.size() >= trigger_ ? identifies_received : identifies_timeout;
    if ((interrupt_enable_ & enable_transmitter) && transmitter_empty_pending_)
        return identifies_transmitter;
    if ((interrupt_enable_ & enable_modem) && modem_deltas_ != 0)
        return identifies_modem;
    return identifies_nothing;
}

void Uart::update_line_locked()
{
    irq_.set(interrupt_locked() != identifies_nothing);
}

} // namespace ovm::interface
