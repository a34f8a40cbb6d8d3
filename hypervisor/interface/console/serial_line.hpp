#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/crossing.hpp"
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
/// Concurrency: any core; holds its lock for the length of one block and what the UART is given at once.
/// Failure:     accept() answers false when the ring has no place for the block, or no more than is kept back from
///              blocks of its kind.
class Serial_line
{
public:
    /// How much of the ring is kept back from a block.
    enum class Keep : std::uint8_t
    {
        nothing, ///< what a program waits for: one short block for each VM
        half,    ///< a story that can be long: why a guest was stopped, an answer to a person
        most,    ///< what can come without end: guests' output, the log
    };

    explicit Serial_line(Serial_port& port) : port_(port) {}

    bool accept(std::span<const std::uint8_t> head, std::span<const std::uint8_t> body, Keep keep)
    {
        Lock_guard const guard(lock_);
        auto const wanted = head.size() + body.size() + kept_back(keep);
        if (wanted > room_locked())
            drain_locked();
        if (wanted > room_locked())
            return false;
        {
            arch::Commit_section const whole;
            append_locked(head);
            append_locked(body);
        }
        drain_locked();
        return true;
    }

    /// Whether a few lines fit.
    bool has_room()
    {
        Lock_guard const guard(lock_);
        drain_locked();
        return room_locked() >= kept_back(Keep::most) + 2048;
    }

    bool empty()
    {
        Lock_guard const guard(lock_);
        return in_ == out_;
    }

    /// Gives the UART a little of what it takes; true when the ring is empty afterwards.
    bool drain()
    {
        Lock_guard const guard(lock_);
        drain_locked();
        return in_ == out_;
    }

private:
    static constexpr std::size_t ring_size = 32768;
    /// An emulated UART is never busy: without an end to it, one crossing would send all that many have left.
    static constexpr unsigned most_at_once = 64;

    static std::size_t kept_back(Keep keep)
    {
        switch (keep)
        {
        case Keep::nothing:
            return 0;
        case Keep::half:
            return ring_size / 2;
        case Keep::most:
            break;
        }
        return ring_size / 4 * 3;
    }

    std::size_t room_locked() const OVM_REQUIRES(lock_) { return ring_.size() - (in_ - out_); }

    void append_locked(std::span<const std::uint8_t> bytes) OVM_REQUIRES(lock_)
    {
        for (auto const byte : bytes)
            ring_[in_++ % ring_.size()] = byte;
    }

    void drain_locked() OVM_REQUIRES(lock_)
    {
        for (unsigned given = 0; given < most_at_once && out_ != in_; ++given)
        {
            if (!port_.try_write(ring_[out_ % ring_.size()]))
                return;
            ++out_;
        }
    }

    Serial_port& port_;
    Ranked_lock<Rank::console> lock_;
    std::array<std::uint8_t, ring_size> ring_ OVM_GUARDED_BY(lock_){};
    std::uint64_t in_ OVM_GUARDED_BY(lock_) = 0;
    std::uint64_t out_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::interface
