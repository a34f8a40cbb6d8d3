#pragma once

#include <atomic>
#include <optional>

#include "arch/lock.hpp"
#include "base/strong.hpp"
#include "processor/timer_heap.hpp"

namespace ovm::processor
{

/// One core's timers, and the only user of its hardware timer.
/// Invariant:   the hardware is armed for the earliest deadline or before it, or the core was kicked and will be soon.
/// Concurrency: arm, cancel and retire from any core, run_expired on its own. Timers fire without the lock.
class Timer_queue final : public Timer_service
{
public:
    explicit Timer_queue(Core_id core) : core_(core) {}

    Ticks now() const override;
    void arm(Timer& timer, Ticks deadline) override;
    void cancel(Timer& timer) override;

    void retire(Timer& timer) override;

    /// Fires, in order, everything whose deadline has passed, and arms the hardware for the next one. Called whenever
    /// an interrupt arrived.
    void run_expired();

    /// On its core: the crossing was discarded. A timer that was firing meanwhile fires `again`, or has fired.
    void discarded(bool again);

    std::optional<Ticks> next_deadline();

private:
    static void fire(Timer& timer, Ticks now);
    Timer* take_expired(Ticks now);
    void program_hardware();

    Core_id core_;
    Ranked_lock<Rank::timer> lock_;
    Timer_heap heap_ OVM_GUARDED_BY(lock_);
    std::optional<Ticks> programmed_ OVM_GUARDED_BY(lock_){}; ///< what the hardware was told last
    std::atomic<Timer*> firing_{nullptr};
};

} // namespace ovm::processor
