#include "policy/scheduler/deadline_scheduler.hpp"

#include <algorithm>

#include "base/contract.hpp"
#include "policy/scheduler/handover.hpp"

namespace ovm::policy
{

using processor::Schedulable;
using processor::Scheduler_state;
using processor::Scheduling_parameters;

namespace
{

/// A whole core in units of load: times the longest period it fits into 64 bits. Shares are rounded down, so that what
/// fits exactly is not refused; the error of all together is far below what timers are off.
constexpr std::uint64_t whole = std::uint64_t{1} << 27;
static_assert(whole <= ~std::uint64_t{0} / Deadline_scheduler::period_max.value());
/// A choice renews no more budgets than this; more that are due at once have the next choice follow at once.
constexpr unsigned renewals_max = 16;

bool is_reserved(const Schedulable& vcpu)
{
    return vcpu.parameters().has_reservation();
}

bool has_budget(const Schedulable& vcpu)
{
    return is_reserved(vcpu) && vcpu.account().budget_left != Ticks(0);
}

std::int64_t deadline_key(const Schedulable& vcpu)
{
    return static_cast<std::int64_t>(vcpu.account().deadline.value());
}

/// None when it makes no sense.
Result<std::uint64_t> load_of(const Scheduling_parameters& reservation)
{
    if (!reservation.has_reservation())
        return std::uint64_t{0};
    if (reservation.period < Deadline_scheduler::period_min || reservation.period > Deadline_scheduler::period_max ||
        reservation.budget > reservation.period)
        return Error::invalid;
    return reservation.budget.value() * whole / reservation.period.value();
}

/// Its next period. It begins where the last one ended, unless that is so long ago that this one would be over too.
void renew(Schedulable& vcpu, Ticks now)
{
    auto const& reservation = vcpu.parameters();
    auto& account = vcpu.account();
    bool const in_step = elapsed(account.deadline, now) < reservation.period;
    account.deadline = (in_step ? account.deadline : now) + reservation.period;
    account.budget_left = reservation.budget;
}

/// The server's rule for who was away: what is left may only be used until the old deadline if the reserved share is
/// not exceeded by that; or else a period begins now.
void resume(Schedulable& vcpu, Ticks now)
{
    auto const& reservation = vcpu.parameters();
    auto& account = vcpu.account();
    auto const remaining = elapsed(now, account.deadline);
    bool const sound = account.budget_left <= reservation.budget && remaining <= reservation.period;
    if (sound && remaining != Ticks(0) &&
        static_cast<unsigned __int128>(account.budget_left.value()) * reservation.period.value() <
            static_cast<unsigned __int128>(remaining.value()) * reservation.budget.value())
        return;
    account.deadline = now + reservation.period;
    account.budget_left = reservation.budget;
}

} // namespace

Result<> Deadline_scheduler::check(const Parameters& parameters)
{
    if (parameters.bound == 0 || parameters.bound > bound_max)
        return Error::out_of_range;
    return check_slice(parameters.slice);
}

Deadline_scheduler::Deadline_scheduler(const Parameters& parameters)
    : background_(parameters.slice), bound_(parameters.bound * whole / 1000)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

/// What ran for a time until now had a reservation: it used its budget up first; then it ran for free, as the core
/// would have idled; and of the next period, when that began meanwhile, it has had a part already.
void Deadline_scheduler::charge_reservation(Schedulable& vcpu, Ticks ran, Ticks now)
{
    auto& account = vcpu.account();
    if (ran < account.budget_left)
    {
        account.budget_left -= ran;
        return;
    }
    auto const used_up = now - (ran - account.budget_left);
    account.budget_left = {};
    auto const next_period = std::max(account.deadline, used_up);
    if (now < next_period)
        return;
    auto const had = now - next_period;
    bool const long_ago = had >= vcpu.parameters().period;
    renew(vcpu, long_ago ? now : next_period);
    if (!long_ago)
        account.budget_left -= std::min(account.budget_left, had);
}

void Deadline_scheduler::charge_current(Ticks now)
{
    if (current_ == nullptr)
        return;
    auto const ran = elapsed(current_since_, now);
    current_since_ = now;
    current_->account().ran += ran;
    if (is_reserved(*current_))
        charge_reservation(*current_, ran, now);
    else
        background_.charge(*current_, ran);
}

/// Its turn is over.
void Deadline_scheduler::turn_over_current()
{
    if (current_ == nullptr || is_reserved(*current_) || current_->account().slice_left != Ticks(0))
        return;
    background_.put_behind(*current_);
    current_ = nullptr;
}

void Deadline_scheduler::queue(Schedulable& vcpu)
{
    if (is_reserved(vcpu))
        (has_budget(vcpu) ? ready_ : spent_).insert(vcpu, deadline_key(vcpu), 0);
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
    if (is_reserved(vcpu))
        (has_budget(vcpu) ? ready_ : spent_).remove(vcpu);
    else
        background_.take_out(vcpu);
}

void Deadline_scheduler::take(Schedulable& vcpu, Ticks now)
{
    take_out(vcpu);
    current_ = &vcpu;
    current_since_ = now;
}

/// Those whose next period has come get their budget.
void Deadline_scheduler::replenish(Ticks now)
{
    for (unsigned renewals = 0; renewals < renewals_max; ++renewals)
    {
        auto* const due = spent_.first();
        if (due == nullptr || due->account().deadline > now)
            return;
        spent_.remove(*due);
        renew(*due, now);
        ready_.insert(*due, deadline_key(*due), 0);
    }
}

Result<> Deadline_scheduler::admit(Schedulable& vcpu, Ticks)
{
    auto const more = OVM_TRY(load_of(vcpu.parameters()));
    if (more > bound_ - load_)
        return Error::denied;
    load_ += more;
    vcpu.place() = {};
    return {};
}

void Deadline_scheduler::leave(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(!vcpu.place().is_queued() && current_ != &vcpu);
    load_ -= load_of(vcpu.parameters()).value_or(0);
}

void Deadline_scheduler::wake(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(!vcpu.place().is_queued() && current_ != &vcpu);
    charge_current(now);
    turn_over_current();
    if (is_reserved(vcpu))
    {
        resume(vcpu, now);
        return queue(vcpu);
    }
    if (current_ != nullptr && !is_reserved(*current_))
        queue_current();
    ++sharers_;
    background_.join(vcpu, now, sharers_);
}

void Deadline_scheduler::block(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(vcpu.place().is_queued() || current_ == &vcpu);
    charge_current(now);
    if (current_ == &vcpu)
        current_ = nullptr;
    else
        take_out(vcpu);
    vcpu.account().asleep_since = now;
    if (!is_reserved(vcpu))
        --sharers_;
}

/// Of those who wait.
Schedulable* Deadline_scheduler::best() const
{
    if (auto* const ready = ready_.first())
        return ready;
    if (auto* const next = background_.first())
        return next;
    return spent_.first();
}

processor::Scheduler::Choice Deadline_scheduler::choose(Ticks now)
{
    charge_current(now);
    turn_over_current();
    replenish(now);
    auto const rank = [](const Schedulable& vcpu) { return has_budget(vcpu) ? 2 : is_reserved(vcpu) ? 0 : 1; };
    if (auto* const rival = best(); rival != nullptr)
    {
        bool const sooner = current_ == nullptr || rank(*rival) > rank(*current_) ||
                            (has_budget(*rival) && rank(*rival) == rank(*current_) &&
                             distance(deadline_key(*rival), deadline_key(*current_)) > 0);
        if (sooner)
        {
            queue_current();
            take(*rival, now);
        }
    }
    Choice choice{.next = current_};
    if (waits())
        choice.until = until_next(now);
    return choice;
}

/// When what it may use is used up, or somebody's next period begins.
Ticks Deadline_scheduler::until_next(Ticks now) const
{
    constexpr Ticks never(~std::uint64_t{0});
    auto until = never;
    if (has_budget(*current_))
        until = now + current_->account().budget_left;
    else if (is_reserved(*current_))
        until = current_->account().deadline;
    else if (!background_.empty())
        until = now + background_.left(*current_);
    if (auto* const spent = spent_.first())
        until = std::min(until, spent->account().deadline);
    return until;
}

Result<> Deadline_scheduler::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    for (auto& vcpu : state.vcpus)
    {
        if (is_reserved(vcpu))
            vcpu.account().kept_at = state.now;
    }
    state.next = best();
    note_order_lost(state);
    return {};
}

Result<> Deadline_scheduler::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(load_ == 0 && sharers_ == 0 && !waits());
    OVM_REQUIRES_THAT(state.current == nullptr || state.current->runnable());
    std::uint64_t load = 0;
    for (auto& vcpu : state.vcpus)
    {
        load += OVM_TRY(load_of(vcpu.parameters()));
        if (load > bound_)
            return Error::denied;
    }
    load_ = load;
    forget_places(state);
    for (auto& vcpu : state.vcpus)
    {
        // Where nobody kept its reservation for a time, it was away.
        if (vcpu.runnable() && is_reserved(vcpu) && vcpu.account().kept_at != state.now)
            resume(vcpu, state.now);
        if (vcpu.runnable() && !is_reserved(vcpu))
            ++sharers_;
    }
    for (auto& vcpu : In_turn(state))
    {
        if (!is_waiting(state, vcpu))
            continue;
        if (is_reserved(vcpu))
        {
            queue(vcpu);
            continue;
        }
        if (vcpu.account().slice_left == Ticks(0))
            vcpu.account().slice_left = background_.slice();
        background_.put_last(vcpu);
    }
    current_ = state.current;
    current_since_ = state.now;
    return {};
}

} // namespace ovm::policy
