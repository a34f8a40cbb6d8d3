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
    OVM_VERIFIED void wake(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void block(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED Choice choose(Ticks now) override;
    OVM_VERIFIED Result<> export_state(processor::Scheduler_state& state) override;
    OVM_VERIFIED Result<> import_state(processor::Scheduler_state& state) override;
    OVM_CLASS_INVARIANT bool invariant() const
    {
        return slice_ >= slice_min && slice_ <= slice_max && load_ >= 0 && load_ <= load_max && sum_ >= 0 &&
               sum_ <= load_;
    }

private:
    using Schedulable = processor::Schedulable;

    static constexpr std::int64_t load_max = std::int64_t{1} << 24; ///< more weight than any core's vcpus have
    static constexpr std::int64_t sum_max = std::int64_t{1} << 62;

    /// For proofs, beside links::are_linked().
    bool is_sound() const { return tree_.is_sound() && (current_ == nullptr || !Deadline_tree::is_node(*current_)); }

    void charge_current(Ticks now);
    void charge(Schedulable& vcpu, Ticks now);
    OVM_CONTRACT void contract_of_charge(Schedulable& vcpu, Ticks now)
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES(current_since_, base_, sum_, vcpu.account().ran, vcpu.account().slice_left, vcpu.place().value);
        OVM_RESULT(charge(vcpu, now));
        OVM_ENSURES(invariant() && current_since_ == now);
    }
    void bring_base_to_mean();
    OVM_CONTRACT void contract_of_bring_base_to_mean()
    {
        OVM_REQUIRES_THAT(load_ >= 0 && load_ <= load_max && sum_ >= -sum_max && sum_ <= sum_max);
        OVM_MODIFIES(base_, sum_);
        OVM_RESULT(bring_base_to_mean());
        OVM_ENSURES(sum_ >= 0 && sum_ <= load_);
    }
    void enter(Schedulable& vcpu, std::int64_t virtual_time);
    OVM_CONTRACT void contract_of_enter(Schedulable& vcpu, std::int64_t virtual_time)
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES(load_, base_, sum_, vcpu.place().value);
        OVM_RESULT(enter(vcpu, virtual_time));
        OVM_ENSURES(invariant() && load_ > 0);
    }
    void withdraw(const Schedulable& vcpu);
    OVM_CONTRACT void contract_of_withdraw(const Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(invariant() && load_ >= weight(vcpu));
        OVM_MODIFIES(load_, base_, sum_);
        OVM_RESULT(withdraw(vcpu));
        OVM_ENSURES(invariant());
    }
    void set_deadline(Schedulable& vcpu) const;
    OVM_CONTRACT void contract_of_set_deadline(Schedulable& vcpu) const
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES(vcpu.place().key);
        OVM_RESULT(set_deadline(vcpu));
    }
    void queue(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_queue(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(invariant() && tree_.is_sound() && !Deadline_tree::is_node(vcpu));
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(tree_, vcpu.account().slice_left, vcpu.place().key, vcpu.place().value, vcpu.place().priority);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_RESULT(queue(vcpu));
        OVM_ENSURES(invariant() && tree_.is_sound() && Deadline_tree::is_node(vcpu));
        OVM_ENSURES(links::are_linked());
    }
    void take_out(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_take_out(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(Deadline_tree::is_node(vcpu) || current_ == &vcpu);
        OVM_REQUIRES_THAT(is_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(current_, tree_, vcpu.place().priority);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_RESULT(take_out(vcpu));
        OVM_ENSURES(!Deadline_tree::is_node(vcpu) && current_ != &vcpu && is_sound());
        OVM_ENSURES(links::are_linked());
    }
    bool goes_on(Schedulable* rival);
    void make_room(Schedulable* rival);
    OVM_CONTRACT void contract_of_make_room(Schedulable* rival)
    {
        OVM_REQUIRES_THAT(invariant() && is_sound() && (rival == nullptr || Deadline_tree::is_node(*rival)));
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(current_, tree_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().slice_left);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place());
        OVM_RESULT(make_room(rival));
        OVM_ENSURES(invariant() && is_sound() && (rival == nullptr || Deadline_tree::is_node(*rival)));
        OVM_ENSURES(links::are_linked());
    }
    void fill_room(Schedulable* eligible, Ticks now);
    OVM_CONTRACT void contract_of_fill_room(Schedulable* eligible, Ticks now)
    {
        OVM_REQUIRES_THAT(is_sound() && (eligible == nullptr || Deadline_tree::is_node(*eligible)));
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(current_, current_since_, tree_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place());
        OVM_RESULT(fill_room(eligible, now));
        OVM_ENSURES(is_sound() && (current_ != nullptr || tree_.empty()));
        OVM_ENSURES(links::are_linked());
    }
    void take_lags(processor::Scheduler_state& state);
    OVM_CONTRACT void contract_of_take_lags(processor::Scheduler_state& state)
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES(load_, base_, sum_, state.lost);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().value);
        OVM_RESULT(take_lags(state));
        OVM_ENSURES(invariant());
    }
    void take_all_in(const processor::Scheduler_state& state);
    OVM_CONTRACT void contract_of_take_all_in(const processor::Scheduler_state& state)
    {
        OVM_REQUIRES_THAT(invariant() && tree_.is_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(tree_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().slice_left);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place());
        OVM_RESULT(take_all_in(state));
        OVM_ENSURES(invariant() && tree_.is_sound());
        OVM_ENSURES(links::are_linked());
    }
    void decide(Ticks now);
    OVM_CONTRACT void contract_of_decide(Ticks now)
    {
        OVM_REQUIRES_THAT(invariant() && is_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(current_, current_since_, tree_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().slice_left);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place());
        OVM_RESULT(decide(now));
        OVM_ENSURES(invariant() && is_sound() && (current_ != nullptr || tree_.empty()));
        OVM_ENSURES(links::are_linked());
    }
    Ticks until_next(Ticks now) const;
    OVM_CONTRACT Ticks contract_of_until_next(Ticks now) const
    {
        OVM_REQUIRES_THAT(invariant() && current_ != nullptr && !tree_.empty() && now < end_of_time);
        OVM_REQUIRES_THAT(tree_.is_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES();
        auto const until = OVM_RESULT(until_next(now));
        OVM_ENSURES(until >= now && until <= now + slice_);
        return until;
    }
    static std::int64_t weight(const Schedulable& vcpu);
    std::int64_t lead(const Schedulable& vcpu) const;
    OVM_CONTRACT std::int64_t contract_of_lead(const Schedulable& vcpu) const
    {
        OVM_MODIFIES();
        auto const ahead = OVM_RESULT(lead(vcpu));
        OVM_ENSURES(ahead <= sum_max / 2 && ahead >= -sum_max / 2);
        return ahead;
    }
    std::int64_t lag(const Schedulable& vcpu) const;
    OVM_CONTRACT std::int64_t contract_of_lag(const Schedulable& vcpu) const
    {
        OVM_MODIFIES();
        return OVM_RESULT(lag(vcpu));
    }
    std::int64_t lag_on_wake(const Schedulable& vcpu, Ticks now) const;
    OVM_CONTRACT std::int64_t contract_of_lag_on_wake(const Schedulable& vcpu, Ticks now) const
    {
        OVM_REQUIRES_THAT(invariant());
        OVM_MODIFIES();
        auto const owed = OVM_RESULT(lag_on_wake(vcpu, now));
        OVM_ENSURES(clipped(owed) == owed && (owed >= 0) == (vcpu.account().lag >= 0 || owed == 0));
        return owed;
    }
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
