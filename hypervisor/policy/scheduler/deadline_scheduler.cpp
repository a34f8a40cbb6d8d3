#include "policy/scheduler/deadline_scheduler.hpp"

#include <algorithm>

#include "base/contract.hpp"
#include "policy/scheduler/handover.hpp"
#include "policy/scheduler/reservation.hpp"

namespace ovm::policy
{

using processor::Schedulable;
using processor::Scheduler_state;

namespace
{

/// A choice renews no more budgets than this; more that are due at once have the next choice follow at once.
constexpr unsigned renewals_max = 16;

} // namespace

Result<> Deadline_scheduler::check(const Parameters& parameters)
{
    if (parameters.bound == 0 || parameters.bound > bound_max)
        return Error::out_of_range;
    return check_slice(parameters.slice);
}

Deadline_scheduler::Deadline_scheduler(const Parameters& parameters)
    : background_(parameters.slice), bound_(parameters.bound * reservation::whole / 1000)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

void Deadline_scheduler::charge(Schedulable& vcpu, Ticks now)
{
    auto const ran = elapsed(current_since_, now);
    current_since_ = now;
    vcpu.account().ran += ran;
    if (reservation::is_reserved(vcpu))
        reservation::charge(vcpu, ran, now);
    else
        background_.charge(vcpu, ran);
}

void Deadline_scheduler::charge_current(Ticks now)
{
    if (current_ != nullptr)
        charge(*current_, now);
}

/// The current one, if it has used its turn up, waits behind all others.
void Deadline_scheduler::turn_over(Schedulable& vcpu)
{
    if (reservation::is_reserved(vcpu) || vcpu.account().slice_left != Ticks(0))
        return;
    background_.put_behind(vcpu);
    current_ = nullptr;
}

void Deadline_scheduler::turn_over_current()
{
    if (current_ != nullptr)
        turn_over(*current_);
}

/// Who has a reservation.
void Deadline_scheduler::enter_tree(Schedulable& vcpu)
{
    auto& tree = reservation::has_budget(vcpu) ? ready_ : spent_;
    tree.insert(vcpu, reservation::deadline_key(vcpu), 0);
    // No vcpu of one tree is linked with one of the other.
    OVM_GUARANTEED(are_trees_sound());
}

void Deadline_scheduler::leave_tree(Schedulable& vcpu)
{
    auto& tree = reservation::has_budget(vcpu) ? ready_ : spent_;
    tree.remove(vcpu);
    // As above.
    OVM_GUARANTEED(are_trees_sound());
}

void Deadline_scheduler::queue(Schedulable& vcpu)
{
    if (reservation::is_reserved(vcpu))
        enter_tree(vcpu);
    else
        background_.put_first(vcpu);
}

void Deadline_scheduler::queue_current()
{
    if (current_ != nullptr)
        queue(*current_);
    current_ = nullptr;
}

void Deadline_scheduler::take_out(Schedulable& vcpu)
{
    if (reservation::is_reserved(vcpu))
        leave_tree(vcpu);
    else
        background_.take_out(vcpu);
}

/// In place of the current one, who waits from now on.
void Deadline_scheduler::run(Schedulable& rival, Ticks now)
{
    queue_current();
    take_out(rival);
    current_ = &rival;
    current_since_ = now;
}

/// Its next period has come.
void Deadline_scheduler::replenish(Schedulable& vcpu, Ticks now)
{
    leave_tree(vcpu);
    reservation::renew(vcpu, now);
    enter_tree(vcpu);
}

void Deadline_scheduler::replenish_due(Ticks now)
{
    for (unsigned renewals = 0; renewals < renewals_max; ++renewals)
    {
        OVM_LOOP_INVARIANT(is_sound());
        OVM_LOOP_INVARIANT(links::are_linked());
        auto* const due = spent_.first();
        if (due == nullptr || due->account().deadline > now)
            return;
        replenish(*due, now);
    }
}

Result<> Deadline_scheduler::admit(Schedulable& vcpu, Ticks)
{
    auto const more = OVM_TRY(reservation::load_of(vcpu.parameters()));
    if (more > bound_ - load_)
        return Error::denied;
    load_ += more;
    vcpu.place() = {};
    return {};
}

void Deadline_scheduler::leave(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(!vcpu.place().is_queued() && current_ != &vcpu);
    auto const share = reservation::load_of(vcpu.parameters()).value_or(0);
    // It was admitted, and a reservation stays what it is.
    OVM_GUARANTEED(share <= load_);
    load_ -= share;
}

void Deadline_scheduler::wake(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(!vcpu.place().is_queued() && current_ != &vcpu);
    OVM_PRESUMES(is_sound());
    OVM_PRESUMES(links::are_linked());
    charge_current(now);
    turn_over_current();
    if (reservation::is_reserved(vcpu))
    {
        reservation::resume(vcpu, now);
        return enter_tree(vcpu);
    }
    if (current_ != nullptr && !reservation::is_reserved(*current_))
        queue_current();
    ++sharers_;
    // Fewer vcpus live here than numbers are.
    OVM_GUARANTEED(sharers_ != 0);
    background_.join(vcpu, now, sharers_);
}

void Deadline_scheduler::block(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(vcpu.place().is_queued() || current_ == &vcpu);
    OVM_PRESUMES(is_sound() && (current_ == &vcpu || is_waiting_here(vcpu)));
    OVM_PRESUMES(links::are_linked());
    charge_current(now);
    if (current_ == &vcpu)
        current_ = nullptr;
    else
        take_out(vcpu);
    vcpu.account().asleep_since = now;
    if (!reservation::is_reserved(vcpu))
        --sharers_;
    OVM_PROMISES(!vcpu.place().is_queued() && current_ != &vcpu && is_sound());
    OVM_PROMISES(links::are_linked());
}

/// Of those who wait.
Schedulable* Deadline_scheduler::best() const
{
    auto* found = ready_.first();
    if (found == nullptr)
        found = background_.first();
    if (found == nullptr)
        found = spent_.first();
    // Only who has a reservation is put into a tree, and only who has none among the turns.
    OVM_GUARANTEED(found == nullptr || is_waiting_here(*found));
    return found;
}

/// Whether the current one stays, beside the best of the others.
bool Deadline_scheduler::goes_on(const Schedulable& rival) const
{
    auto const rank = [](const Schedulable& vcpu)
    {
        return reservation::has_budget(vcpu) ? 2 : reservation::is_reserved(vcpu) ? 0 : 1;
    };
    if (rank(rival) != rank(*current_))
        return rank(rival) < rank(*current_);
    return !reservation::has_budget(rival) ||
           distance(reservation::deadline_key(rival), reservation::deadline_key(*current_)) <= 0;
}

processor::Scheduler::Choice Deadline_scheduler::choose(Ticks now)
{
    // Places are this policy's alone, and whatever else it does leaves them so.
    OVM_GUARANTEED(is_sound());
    OVM_GUARANTEED(links::are_linked());
    charge_current(now);
    turn_over_current();
    replenish_due(now);
    if (auto* const rival = best(); rival != nullptr && (current_ == nullptr || !goes_on(*rival)))
        run(*rival, now);
    Choice choice{.next = current_};
    if (waits())
        choice.until = until_next(now);
    OVM_PROMISES(choice.next == current_ && is_sound() && (current_ != nullptr || !waits()));
    OVM_PROMISES(links::are_linked());
    return choice;
}

/// When what it may use is used up, or somebody's next period begins; now, if that has begun.
Ticks Deadline_scheduler::until_next(Ticks now) const
{
    constexpr Ticks never(~std::uint64_t{0});
    auto until = never;
    if (reservation::has_budget(*current_))
        until = now + current_->account().budget_left;
    else if (reservation::is_reserved(*current_))
        until = current_->account().deadline;
    else if (!background_.empty())
        until = now + background_.left(*current_);
    if (auto* const spent = spent_.first())
        until = std::min(until, spent->account().deadline);
    return std::max(until, now);
}

void Deadline_scheduler::sign_accounts(const Scheduler_state& state)
{
    for (auto& vcpu : state.vcpus)
    {
        if (reservation::is_reserved(vcpu))
            vcpu.account().kept_at = state.now;
    }
}

Result<> Deadline_scheduler::export_state(Scheduler_state& state)
{
    // As in a choice.
    OVM_GUARANTEED(are_trees_sound());
    OVM_GUARANTEED(links::are_linked());
    charge_current(state.now);
    sign_accounts(state);
    state.next = best();
    note_order_lost(state);
    return {};
}

/// Of all that are to live here. Error::denied and Error::invalid as admit() has them.
Result<std::uint64_t> Deadline_scheduler::load_of_all(const Scheduler_state& state) const
{
    std::uint64_t load = 0;
    for (auto& vcpu : state.vcpus)
    {
        OVM_LOOP_INVARIANT(load <= bound_);
        load += OVM_TRY(reservation::load_of(vcpu.parameters()));
        if (load > bound_)
            return Error::denied;
    }
    return load;
}

/// Where nobody kept its reservation for a time, it was away.
void Deadline_scheduler::resume_all(const Scheduler_state& state)
{
    for (auto& vcpu : state.vcpus)
    {
        if (vcpu.runnable() && reservation::is_reserved(vcpu) && vcpu.account().kept_at != state.now)
            reservation::resume(vcpu, state.now);
        if (vcpu.runnable() && !reservation::is_reserved(vcpu))
            ++sharers_;
    }
}

/// Behind all others of its kind.
void Deadline_scheduler::take_in(Schedulable& vcpu)
{
    if (reservation::is_reserved(vcpu))
        return enter_tree(vcpu);
    if (vcpu.account().slice_left == Ticks(0))
        vcpu.account().slice_left = background_.slice();
    background_.put_last(vcpu);
}

void Deadline_scheduler::take_all_in(const Scheduler_state& state)
{
    for (auto& vcpu : In_turn(state))
    {
        OVM_LOOP_INVARIANT(are_trees_sound());
        OVM_LOOP_INVARIANT(links::are_linked());
        if (is_waiting(state, vcpu))
            take_in(vcpu);
    }
}

Result<> Deadline_scheduler::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(load_ == 0 && sharers_ == 0 && !waits());
    OVM_REQUIRES_THAT(state.current == nullptr || state.current->runnable());
    // Nobody is in them.
    OVM_GUARANTEED(are_trees_sound());
    load_ = OVM_TRY(load_of_all(state));
    forget_places(state);
    resume_all(state);
    // Nobody here is in a tree any more, and those of other cores are none of this one's.
    OVM_GUARANTEED(links::are_linked());
    take_all_in(state);
    current_ = state.current;
    current_since_ = state.now;
    OVM_PROMISES(are_trees_sound());
    OVM_PROMISES(links::are_linked());
    return {};
}

} // namespace ovm::policy
