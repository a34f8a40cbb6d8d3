#pragma once

#include <cstdint>
#include <string_view>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "policy/scheduler/deadline_tree.hpp"
#include "policy/scheduler/reservation.hpp"
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
    /// period that is no server's (reservation.hpp).
    OVM_VERIFIED Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void leave(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void wake(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void block(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED Choice choose(Ticks now) override;
    OVM_VERIFIED Result<> export_state(processor::Scheduler_state& state) override;
    OVM_VERIFIED Result<> import_state(processor::Scheduler_state& state) override;
    OVM_CLASS_INVARIANT bool invariant() const { return load_ <= bound_ && bound_ <= reservation::whole; }

private:
    using Schedulable = processor::Schedulable;

    /// For proofs, beside links::are_linked().
    bool are_trees_sound() const { return ready_.is_sound() && spent_.is_sound(); }
    bool is_sound() const { return are_trees_sound() && (current_ == nullptr || !current_->place().is_queued()); }
    /// Whether it is among those who wait: with a reservation in a tree, without one in the background.
    static bool is_waiting_here(const Schedulable& vcpu)
    {
        bool const reserved = reservation::is_reserved(vcpu);
        return Deadline_tree::is_node(vcpu) == reserved && vcpu.place().list.queued != reserved;
    }

    void charge_current(Ticks now);
    void charge(Schedulable& vcpu, Ticks now);
    OVM_CONTRACT void contract_of_charge(Schedulable& vcpu, Ticks now)
    {
        OVM_MODIFIES(current_since_, vcpu.account().ran, vcpu.account().slice_left, vcpu.account().budget_left,
                     vcpu.account().deadline);
        OVM_RESULT(charge(vcpu, now));
        OVM_ENSURES(current_since_ == now);
    }
    void turn_over(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_turn_over(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(current_ == &vcpu && is_sound());
        OVM_MODIFIES(background_, current_, vcpu.place().list.queued, vcpu.account().slice_left);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().list.next);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().list.previous);
        OVM_RESULT(turn_over(vcpu));
        OVM_ENSURES(is_sound() && (current_ == nullptr || current_ == &vcpu));
    }
    void turn_over_current();
    void enter_tree(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_enter_tree(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(!Deadline_tree::is_node(vcpu) && are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, vcpu.place().key, vcpu.place().value, vcpu.place().priority);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_RESULT(enter_tree(vcpu));
        OVM_ENSURES(Deadline_tree::is_node(vcpu) && are_trees_sound());
        OVM_ENSURES(links::are_linked());
    }
    void leave_tree(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_leave_tree(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(Deadline_tree::is_node(vcpu) && are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, vcpu.place().priority);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_RESULT(leave_tree(vcpu));
        OVM_ENSURES(!Deadline_tree::is_node(vcpu) && are_trees_sound());
        OVM_ENSURES(links::are_linked());
    }
    void queue(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_queue(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(!vcpu.place().is_queued() && are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, background_, vcpu.place().key, vcpu.place().value, vcpu.place().priority,
                     vcpu.place().list.queued);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().list.next);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().list.previous);
        OVM_RESULT(queue(vcpu));
        OVM_ENSURES(is_waiting_here(vcpu) && are_trees_sound());
        OVM_ENSURES(links::are_linked());
    }
    void queue_current();
    void take_out(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_take_out(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(is_waiting_here(vcpu) && are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, background_, vcpu.place().key, vcpu.place().value, vcpu.place().priority,
                     vcpu.place().list.queued);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().list.next);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().list.previous);
        OVM_RESULT(take_out(vcpu));
        OVM_ENSURES(!vcpu.place().is_queued() && are_trees_sound());
        OVM_ENSURES(links::are_linked());
    }
    void run(Schedulable& rival, Ticks now);
    OVM_CONTRACT void contract_of_run(Schedulable& rival, Ticks now)
    {
        OVM_REQUIRES_THAT(is_waiting_here(rival) && is_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, background_, current_, current_since_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place());
        OVM_RESULT(run(rival, now));
        OVM_ENSURES(current_ == &rival && is_sound());
        OVM_ENSURES(links::are_linked());
    }
    void replenish(Schedulable& vcpu, Ticks now);
    OVM_CONTRACT void contract_of_replenish(Schedulable& vcpu, Ticks now)
    {
        OVM_REQUIRES_THAT(Deadline_tree::is_node(vcpu) && are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, vcpu.place().key, vcpu.place().value, vcpu.place().priority,
                     vcpu.account().budget_left, vcpu.account().deadline);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_RESULT(replenish(vcpu, now));
        OVM_ENSURES(Deadline_tree::is_node(vcpu) && are_trees_sound());
        OVM_ENSURES(links::are_linked());
    }
    void replenish_due(Ticks now);
    OVM_CONTRACT void contract_of_replenish_due(Ticks now)
    {
        OVM_REQUIRES_THAT(is_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().key);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().value);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().priority);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().budget_left);
        OVM_RESULT(replenish_due(now));
        OVM_ENSURES(is_sound());
        OVM_ENSURES(links::are_linked());
    }
    Schedulable* best() const;
    OVM_CONTRACT Schedulable* contract_of_best() const
    {
        OVM_REQUIRES_THAT(are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES();
        auto* const found = OVM_RESULT(best());
        OVM_ENSURES(found == nullptr ? !waits() : is_waiting_here(*found));
        return found;
    }
    bool goes_on(const Schedulable& rival) const;
    static void sign_accounts(const processor::Scheduler_state& state);
    OVM_CONTRACT static void contract_of_sign_accounts(const processor::Scheduler_state& state)
    {
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().kept_at);
        OVM_RESULT(sign_accounts(state));
    }
    Ticks until_next(Ticks now) const;
    OVM_CONTRACT Ticks contract_of_until_next(Ticks now) const
    {
        OVM_REQUIRES_THAT(current_ != nullptr && now < end_of_time && spent_.is_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES();
        auto const until = OVM_RESULT(until_next(now));
        OVM_ENSURES(until >= now);
        return until;
    }
    Result<std::uint64_t> load_of_all(const processor::Scheduler_state& state) const;
    OVM_CONTRACT Result<std::uint64_t> contract_of_load_of_all(const processor::Scheduler_state& state) const
    {
        OVM_MODIFIES();
        auto const load = OVM_RESULT(load_of_all(state));
        OVM_ENSURES(!load.has_value() || *load <= bound_);
        return load;
    }
    void resume_all(const processor::Scheduler_state& state);
    OVM_CONTRACT void contract_of_resume_all(const processor::Scheduler_state& state)
    {
        OVM_MODIFIES(sharers_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().budget_left);
        OVM_RESULT(resume_all(state));
    }
    void take_in(Schedulable& vcpu);
    OVM_CONTRACT void contract_of_take_in(Schedulable& vcpu)
    {
        OVM_REQUIRES_THAT(!vcpu.place().is_queued() && are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, background_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().slice_left);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place());
        OVM_RESULT(take_in(vcpu));
        OVM_ENSURES(is_waiting_here(vcpu) && are_trees_sound());
        OVM_ENSURES(links::are_linked());
    }
    void take_all_in(const processor::Scheduler_state& state);
    OVM_CONTRACT void contract_of_take_all_in(const processor::Scheduler_state& state)
    {
        OVM_REQUIRES_THAT(are_trees_sound());
        OVM_REQUIRES_THAT(links::are_linked());
        OVM_MODIFIES(ready_, spent_, background_);
        OVM_MODIFIES_EVERY(Schedulable, each, each.account().slice_left);
        OVM_MODIFIES_EVERY(Schedulable, each, each.place());
        OVM_RESULT(take_all_in(state));
        OVM_ENSURES(are_trees_sound());
        OVM_ENSURES(links::are_linked());
    }
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
