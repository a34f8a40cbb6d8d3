#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/lock.hpp"

namespace ovm::interface
{

/// The machine's UART as the console sees it; never waits.
class Serial_port
{
public:
    /// False while the transmitter is busy.
    virtual bool try_write(std::uint8_t byte) = 0;

protected:
    ~Serial_port() = default;
};

/// A ring before a UART: writers never wait for the wire.
/// Invariant:   bytes leave in the order in which they came; a block is accepted whole or not at all.
/// Concurrency: any core; holds its lock for the length of one block and what the UART takes at once.
/// Failure:     accept() answers false when the ring has no place for the block.
class Serial_line
{
public:
    explicit Serial_line(Serial_port& port) : port_(port) {}

    bool accept(std::span<const std::uint8_t> head, std::span<const std::uint8_t> body = {})
    {
        Lock_guard const guard(lock_);
        drain_locked();
        if (head.size() + body.size() > ring_.size() - (in_ - out_))
            return false;
        append_locked(head);
        append_locked(body);
        drain_locked();
        return true;
    }

    /// Whether a few lines fit.
    bool has_room()
    {
        Lock_guard const guard(lock_);
        drain_locked();
        return ring_.size() - (in_ - out_) >= 2048;
    }

    /// Gives the UART what it takes; true when the ring is empty afterwards.
    bool drain()
    {
        Lock_guard const guard(lock_);
        drain_locked();
        return in_ == out_;
    }

private:
    void append_locked(std::span<const std::uint8_t> bytes) OVM_REQUIRES(lock_)
    {
        for (auto const byte : bytes)
            ring_[in_++ % ring_.size()] = byte;
    }

    void drain_locked() OVM_REQUIRES(lock_)
    {
        while (out_ != in_ && port_.try_write(ring_[out_ % ring_.size()]))
            ++out_;
    }

    Serial_port& port_;
    Ranked_lock<Rank::console> lock_;
    std::array<std::uint8_t, 16384> ring_ OVM_GUARDED_BY(lock_){};
    std::uint64_t in_ OVM_GUARDED_BY(lock_) = 0;
    std::uint64_t out_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::interface
