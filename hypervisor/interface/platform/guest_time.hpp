#pragma once

#include <atomic>
#include <cstdint>

#include "base/strong.hpp"

namespace ovm::interface
{

/// One vcpu's time-stamp counter: the machine's, moved by the VM's offset and by what this vcpu wrote to its own.
/// Concurrency: written by its vcpu, read by any core (a timer that fires).
class Guest_time
{
public:
    /// `start`: where the machine's counter stood when the VM was switched on; the guest's began at zero there.
    explicit Guest_time(Ticks start) : offset_(std::uint64_t{0} - start.value()) {}

    std::uint64_t offset() const { return offset_.load(std::memory_order_relaxed); }
    /// What the guest's counter reads when the machine's reads `host`.
    Ticks guest(Ticks host) const { return Ticks(host.value() + offset()); }
    /// The guest's writes add up here (TSC_ADJUST, SDM volume 3, 18.17.3).
    std::uint64_t adjustment() const { return adjustment_.load(std::memory_order_relaxed); }

    void adjust_by(std::uint64_t difference)
    {
        offset_.store(offset() + difference, std::memory_order_relaxed);
        adjustment_.store(adjustment() + difference, std::memory_order_relaxed);
    }
    void restart(Ticks start)
    {
        offset_.store(std::uint64_t{0} - start.value(), std::memory_order_relaxed);
        adjustment_.store(0, std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> offset_;
    std::atomic<std::uint64_t> adjustment_{0};
};

} // namespace ovm::interface
