#pragma once

#include <cstdint>
#include <string_view>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "policy/scheduler/deadline_tree.hpp"
#include "policy/scheduler/turns.hpp"
#include "processor/scheduler.hpp"

namespace ovm::policy
{

/// Reservations, kept: a constant bandwidth server (Abeni and Buttazzo, 1998) for each vcpu that has a budget and a
/// period, earliest deadline first among those with budget left. Who has used its budget up waits for its next period,
/// and runs before it only when the core would idle; so no reservation takes anything from another one, nor from the
/// vcpus without: those share what the reservations leave, a slice each in turn, which is never less than 1000 - bound
/// permille of the core.
/// Invariant:   the runnable ones but current_ are, each in one: in ready_, by deadline, with a reservation and budget
///              left; in spent_, by deadline, with a reservation and no budget left; in background_, without one.
///              load_ is the sum of the reserved shares of all that live here, at most the bound.
/// Concurrency: its own core only.
/// State:       budget_left, deadline, slice_left, asleep_since and ran of the accounts.
class Deadline_scheduler final : public processor::Scheduler
{
public:
    static constexpr std::string_view name = "deadline";
    static constexpr Nanoseconds default_slice{10'000'000};
    static constexpr std::uint32_t default_bound = 950;
    static constexpr std::uint32_t bound_max = 990; ///< the background is never starved
    static constexpr Ticks period_min{10'000};
    static constexpr Ticks period_max{(std::uint64_t{1} << 36) - 1}; ///< 4 s, the longest that a VM has, at 17 GHz

    struct Parameters
    {
        Ticks slice{};                       ///< of those without a reservation
        std::uint32_t bound = default_bound; ///< permille of the core that may be reserved
    };
    /// Error::out_of_range: the slice is no turn's, or the bound not within 1 to bound_max.
    OVM_VERIFIED static Result<> check(const Parameters& parameters);

    /// Requires parameters that check() found good.
    explicit Deadline_scheduler(const Parameters& parameters);

    /// Error::denied: together the reservations exceed the bound. Error::invalid: a budget above its period, or a
    /// period that is not within period_min to period_max.
    OVM_VERIFIED Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    using Schedulable = processor::Schedulable;

    OVM_VERIFIED void charge_current(Ticks now);
    OVM_VERIFIED static void charge_reservation(Schedulable& vcpu, Ticks ran, Ticks now);
    void turn_over_current();
    void queue(Schedulable& vcpu);
    void queue_current();
    void take_out(Schedulable& vcpu);
    void take(Schedulable& vcpu, Ticks now);
    void replenish(Ticks now);
    Schedulable* best() const;
    Ticks until_next(Ticks now) const;
    bool waits() const { return !ready_.empty() || !spent_.empty() || !background_.empty(); }

    Turns background_;
    Deadline_tree ready_{};
    Deadline_tree spent_{};
    Schedulable* current_ = nullptr;
    Ticks current_since_{};
    std::uint64_t load_ = 0;
    std::uint64_t bound_;
    std::uint32_t sharers_ = 0; ///< runnable ones without a reservation
};

} // namespace ovm::policy
