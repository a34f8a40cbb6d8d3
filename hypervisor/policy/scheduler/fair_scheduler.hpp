#pragma once

#include <cstdint>
#include <string_view>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "policy/scheduler/deadline_tree.hpp"
#include "policy/scheduler/slice.hpp"
#include "processor/scheduler.hpp"

namespace ovm::policy
{

/// Shares by weight: earliest eligible virtual deadline first (Stoica and Abdel-Wahab, 1995, in the form of Linux 6.6).
/// Virtual time is service by weight; the core's is the mean of all who compete, by their weights. Who has had no more
/// than its share (lag >= 0) is eligible; of those runs whose present request, a slice or the shorter one that its
/// latency asks for, would end first in virtual time. It runs until the request is served, unless somebody eligible has
/// an earlier deadline. A sleeper keeps its lag, at most two slices either way; what it had in advance is paid off by
/// the share that it did not use while it slept, so who mostly sleeps is eligible when it wakes.
/// Invariant:   tree_ holds the runnable ones but current_, by virtual deadline and with their virtual times; load_ is
///              the sum of all their weights, current_'s included, and sum_ that of weight times distance to base_.
/// Concurrency: its own core only.
/// State:       lag, slice_left, asleep_since and ran of the accounts.
class Fair_scheduler final : public processor::Scheduler
{
public:
    static constexpr std::string_view name = "fair";
    static constexpr Nanoseconds default_slice{2'000'000}; ///< shares are even within a few of these

    struct Parameters
    {
        Ticks slice{}; ///< the request of who has no wish for less
    };
    /// Error::out_of_range: the slice is shorter than slice_min or longer than slice_max.
    static Result<> check(const Parameters& parameters);

    /// Requires parameters that check() found good.
    explicit Fair_scheduler(const Parameters& parameters);

    OVM_VERIFIED Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    using Schedulable = processor::Schedulable;

    void charge_current(Ticks now);
    void bring_base_to_mean();
    void enter(Schedulable& vcpu, std::int64_t virtual_time);
    void set_deadline(Schedulable& vcpu);
    void queue_current();
    void take(Schedulable& vcpu, Ticks now);
    bool goes_on(Schedulable* rival);
    Ticks until_next(Ticks now) const;
    std::int64_t lag(const Schedulable& vcpu) const;
    std::int64_t lag_on_wake(const Schedulable& vcpu, Ticks now) const;
    std::int64_t clipped(std::int64_t lag) const;
    Ticks request(const Schedulable& vcpu) const;
    Ticks left(const Schedulable& vcpu) const;

    Ticks slice_;
    Deadline_tree tree_{};
    Schedulable* current_ = nullptr;
    Ticks current_since_{};
    std::int64_t load_ = 0;
    std::int64_t base_ = 0;
    std::int64_t sum_ = 0;
};

} // namespace ovm::policy
