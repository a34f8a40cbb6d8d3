#pragma once

#include "arch/lock.hpp"
#include "base/strong.hpp"
#include "processor/timer.hpp"

namespace ovm::processor
{

/// The timers of one vcpu, or of one VM's devices: they follow it from core to core.
/// Invariant:   what is armed stands in queue_ and nowhere else; timers_ are all that were armed since
///              they were retired last.
/// Concurrency: arm and cancel from any core; move() on the core that is left, while none of its timers is firing
/// there;
///              retire() not while the group moves.
/// Lifetime:    every timer is retired before it or the group is destroyed.
class Timer_group final : public Timer_service
{
public:
    /// `first` is the queue of the core that it begins on. All have the same clock.
    explicit Timer_group(Timer_service& first) : clock_(first), queue_(&first) {}
    Timer_group(const Timer_group&) = delete;
    Timer_group& operator=(const Timer_group&) = delete;

    Ticks now() const override { return clock_.now(); }
    void arm(Timer& timer, Ticks deadline) override;
    void cancel(Timer& timer) override;
    void retire(Timer& timer) override;

    /// What is armed, and what will be, fires there from now on.
    void move(Timer_service& to);

private:
    Timer_service& clock_;
    Ranked_lock<Rank::timer_group> lock_;
    Timer_service* queue_ OVM_GUARDED_BY(lock_);
    Timer* timers_ OVM_GUARDED_BY(lock_) = nullptr;
};

} // namespace ovm::processor
