#pragma once

#include <cstdint>

#include "base/strong.hpp"
#include "processor/scheduler.hpp"

namespace ovm::policy
{

/// Everybody in turn, a slice each. Who sleeps keeps the rest of the slice, earns a fair share of the time it slept,
/// and goes before all others when it wakes, so that guests which mostly wait see their interrupts at once. Who has
/// used its slice up goes behind all others, sleep or not: no sleeper gets more than its slice in a turn of all.
/// Invariant:   first_ to last_ are the runnable ones but current_, each once; every one has slice left; a blocked one
///              has none when it has used it up.
/// Concurrency: its own core only.
class Round_robin_scheduler final : public processor::Scheduler
{
public:
    static constexpr Nanoseconds default_slice{10'000'000};

    explicit Round_robin_scheduler(Ticks slice) : slice_(slice) {}

    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;

private:
    void charge_current(Ticks now);
    void turn_over_current();
    void put_first(processor::Schedulable& vcpu);
    void put_last(processor::Schedulable& vcpu);
    void take_out(processor::Schedulable& vcpu);

    Ticks slice_;
    Ticks current_since_{};
    std::uint64_t runnable_ = 0;
    processor::Schedulable* current_ = nullptr;
    processor::Schedulable* first_ = nullptr;
    processor::Schedulable* last_ = nullptr;
};

} // namespace ovm::policy
