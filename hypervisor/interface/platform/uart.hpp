#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/lock.hpp"
#include "interface/platform/byte_port_device.hpp"
#include "interface/platform/clock.hpp"

namespace ovm::interface
{

/// Up to N bytes, first in, first out.
template <std::size_t N>
class Byte_fifo
{
public:
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    bool full() const { return size_ == N; }
    void clear() { size_ = 0; }
    std::uint8_t front() const { return bytes_[first_]; }

    void push(std::uint8_t byte)
    {
        if (size_ == N)
            return;
        bytes_[(first_ + size_) % N] = byte;
        ++size_;
    }
    void pop()
    {
        if (size_ == 0)
            return;
        first_ = (first_ + 1) % N;
        --size_;
    }

private:
    std::array<std::uint8_t, N> bytes_{};
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

/// The PC's serial port: a 16550A (National Semiconductor PC16550D data sheet, section 8). It sends as fast as its
/// far end takes; when that has no place, bytes wait here and the guest sees a busy transmitter.
/// Concurrency: holds lock_ for each access; put() from any core that holds no lock of Rank::device or above.
/// Failure:     none; put() answers false when the receive FIFO is full.
class Uart final : public Byte_port_device, public Byte_sink
{
public:
    static constexpr std::uint16_t port_count = 8;

    Uart(Platform_clock clock, Irq_line irq, Byte_sink& output);
    ~Uart();
    Uart(const Uart&) = delete;
    Uart& operator=(const Uart&) = delete;

    /// Its timer fires no more. The vcpus have stopped before.
    void stop();

    /// As after power-on.
    void reset();

    std::uint8_t read_byte(std::uint16_t port) override;
    void write_byte(std::uint16_t port, std::uint8_t value) override;

    /// A byte arrives from the far end.
    bool put(std::uint8_t byte) override;

private:
    void retry(Ticks now);
    void write_locked(unsigned offset, std::uint8_t value) OVM_REQUIRES(lock_);
    void write_interrupt_enable_locked(std::uint8_t value) OVM_REQUIRES(lock_);
    void write_fifo_control_locked(std::uint8_t value) OVM_REQUIRES(lock_);
    void write_modem_control_locked(std::uint8_t value) OVM_REQUIRES(lock_);
    std::uint8_t read_locked(unsigned offset) OVM_REQUIRES(lock_);
    std::uint8_t read_received_locked() OVM_REQUIRES(lock_);
    bool receive_locked(std::uint8_t byte) OVM_REQUIRES(lock_);
    void transmit_locked(std::uint8_t byte) OVM_REQUIRES(lock_);
    void drain_locked() OVM_REQUIRES(lock_);
    std::uint8_t modem_status_locked() const OVM_REQUIRES(lock_);
    std::uint8_t interrupt_locked() const OVM_REQUIRES(lock_);
    void update_line_locked() OVM_REQUIRES(lock_);
    void reset_locked() OVM_REQUIRES(lock_);

    Platform_clock clock_;
    Irq_line irq_;
    Byte_sink& output_;
    Member_timer<Uart, &Uart::retry> timer_{*this};

    Ranked_lock<Rank::device> lock_;
    Byte_fifo<16> received_ OVM_GUARDED_BY(lock_){};
    Byte_fifo<16> sending_ OVM_GUARDED_BY(lock_){};
    bool retrying_ OVM_GUARDED_BY(lock_) = false;
    bool fifo_enabled_ OVM_GUARDED_BY(lock_) = false;
    bool transmitter_empty_pending_ OVM_GUARDED_BY(lock_) = false;
    bool overrun_ OVM_GUARDED_BY(lock_) = false;
    std::uint8_t trigger_ OVM_GUARDED_BY(lock_) = 1;
    std::uint8_t interrupt_enable_ OVM_GUARDED_BY(lock_) = 0;
    std::uint8_t line_control_ OVM_GUARDED_BY(lock_) = 0;
    std::uint8_t modem_control_ OVM_GUARDED_BY(lock_) = 0;
    std::uint8_t modem_deltas_ OVM_GUARDED_BY(lock_) = 0;
    std::uint8_t scratch_ OVM_GUARDED_BY(lock_) = 0;
    std::uint8_t divisor_low_ OVM_GUARDED_BY(lock_) = 12;
    std::uint8_t divisor_high_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::interface
