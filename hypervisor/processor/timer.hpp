#pragma once

#include <atomic>
#include <cstdint>

#include "base/strong.hpp"

/// One-shot timers of a core, in time-stamp ticks of the host.
namespace ovm::processor
{

class Timer_group;
class Timer_heap;
class Timer_queue;
class Vcpu;

/// What fires. Intrusive: a device derives from it or holds one; at most once in a queue, and always in the same one
/// unless it is armed through a Timer_group.
/// Concurrency: armed() and deadline() are a recent look from other cores than the one that arms.
/// Failure:     a fault while it fires is that of the vcpu for which it was armed, or else costs the machine.
/// Lifetime:    before it and the vcpus that it serves are destroyed, Timer_service::retire: it is in no queue, nor
///              firing.
class Timer
{
public:
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Runs on the core whose queue held it, inside a crossing, without any lock held; it may arm itself again.
    virtual void fired(Ticks now) = 0;

    bool armed() const { return armed_.load(std::memory_order_acquire); }
    Ticks deadline() const { return Ticks(deadline_.load(std::memory_order_relaxed)); }

protected:
    Timer() = default;
    ~Timer() = default;

private:
    friend class Timer_group;
    friend class Timer_heap;
    friend class Timer_queue;
    // The heap's, under the queue's lock. `previous_` is the left sibling, or the parent of the
    // first child.
    Timer* previous_ = nullptr;
    Timer* next_ = nullptr;
    Timer* child_ = nullptr;
    Vcpu* owner_ = nullptr; ///< the last who was at hand when it was armed
    // The group's, under its lock.
    Timer* next_of_group_ = nullptr;
    bool in_group_ = false;
    std::atomic<std::uint64_t> deadline_{0};
    std::atomic<bool> armed_{false};
};

/// What a device sees of the clock and the queue, so that unit tests give it a fake.
class Timer_service
{
public:
    virtual Ticks now() const = 0;
    /// Arms or moves the timer; safe from any core.
    virtual void arm(Timer& timer, Ticks deadline) = 0;
    virtual void cancel(Timer& timer) = 0;
    /// Cancels, and returns only when the timer is not firing on another core either. The caller holds no lock that
    /// fired() takes, and nothing arms the timer any more.
    virtual void retire(Timer& timer) = 0;

protected:
    ~Timer_service() = default;
};

} // namespace ovm::processor
