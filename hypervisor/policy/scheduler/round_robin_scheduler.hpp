#pragma once

#include <cstdint>
#include <string_view>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "policy/scheduler/turns.hpp"
#include "processor/scheduler.hpp"

namespace ovm::policy
{

/// Everybody in turn, a slice each. Who sleeps keeps the rest of the slice, earns a fair share of the time it slept,
/// and goes before all others when it wakes, so that guests which mostly wait see their interrupts at once. Who has
/// used its slice up goes behind all others, sleep or not: no sleeper gets more than its slice in a turn of all.
/// Invariant:   turns_ are the runnable ones but current_; a blocked one has no slice left when it has used it up.
/// Concurrency: its own core only.
/// State:       slice_left, asleep_since and ran of the accounts.
class Round_robin_scheduler final : public processor::Scheduler
{
public:
    static constexpr std::string_view name = "round-robin";
    static constexpr Nanoseconds default_slice{10'000'000};

    struct Parameters
    {
        Ticks slice{};
    };
    /// Error::out_of_range: the slice is shorter than slice_min or longer than slice_max.
    static Result<> check(const Parameters& parameters) { return check_slice(parameters.slice); }

    /// Requires parameters that check() found good.
    explicit Round_robin_scheduler(const Parameters& parameters);

    OVM_VERIFIED Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void leave(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void wake(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void block(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED Choice choose(Ticks now) override;
    OVM_VERIFIED Result<> export_state(processor::Scheduler_state& state) override;
    OVM_VERIFIED Result<> import_state(processor::Scheduler_state& state) override;
    OVM_CLASS_INVARIANT bool invariant() const { return turns_.slice() <= slice_max; }

private:
    void charge_current(Ticks now);
    void turn_over_current();

    Turns turns_;
    Ticks current_since_{};
    std::uint32_t runnable_ = 0;
    processor::Schedulable* current_ = nullptr;
};

} // namespace ovm::policy
