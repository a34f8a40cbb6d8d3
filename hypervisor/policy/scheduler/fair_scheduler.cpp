#include "policy/scheduler/fair_scheduler.hpp"

#include <algorithm>

#include "arch/injection.hpp"
#include "base/contract.hpp"
#include "policy/scheduler/handover.hpp"

namespace ovm::policy
{

using processor::Scheduler_state;
using processor::Scheduling_parameters;

namespace
{

/// A tick of service to a vcpu of weight 1, in virtual time.
constexpr unsigned scale = 14;
/// What is added up stays within 63 bits: nobody counts as further from the mean than this, which is twice the lag
/// of 2 * slice_max that a vcpu of weight 1 can come with.
constexpr std::int64_t furthest = std::int64_t{1} << 47;
/// A sleep counts no longer than this, nor a turn that nobody ended longer than the lag that it could leave.
constexpr Ticks longest_sleep{std::uint64_t{1} << 40};
/// No request is shorter than this part of a slice, nor is any turn cut shorter for another's sake.
constexpr std::uint64_t shortest_part = 32;

std::int64_t to_virtual(std::int64_t service, std::int64_t by_weight)
{
    return service * (std::int64_t{1} << scale) / by_weight;
}

std::int64_t signed_ticks(Ticks ticks)
{
    return static_cast<std::int64_t>(ticks.value());
}

/// Virtual time and deadline live in the place, in the tree or not.
std::int64_t& virtual_time(processor::Schedulable& vcpu)
{
    return vcpu.place().value;
}

std::int64_t& virtual_deadline(processor::Schedulable& vcpu)
{
    return vcpu.place().key;
}

} // namespace

Result<> Fair_scheduler::check(const Parameters& parameters)
{
    return check_slice(parameters.slice);
}

Fair_scheduler::Fair_scheduler(const Parameters& parameters) : slice_(parameters.slice)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

std::int64_t Fair_scheduler::weight(const Schedulable& vcpu)
{
    return std::clamp(vcpu.parameters().weight, 1u, Scheduling_parameters::weight_max);
}

Ticks Fair_scheduler::request(const Schedulable& vcpu) const
{
    auto const wish = vcpu.parameters().latency;
    return wish == Ticks(0) ? slice_ : std::clamp(wish, slice_ / shortest_part, slice_);
}

/// Of its request, which is no longer than this policy's whoever began it.
Ticks Fair_scheduler::left(const Schedulable& vcpu) const
{
    return std::min(vcpu.account().slice_left, request(vcpu));
}

std::int64_t Fair_scheduler::clipped(std::int64_t lag) const
{
    auto const most = 2 * signed_ticks(slice_);
    return std::clamp(lag, -most, most);
}

/// base_ becomes the mean, rounded down; so the rest of sum_ is less than load_.
void Fair_scheduler::bring_base_to_mean()
{
    if (load_ == 0)
    {
        sum_ = 0;
        return;
    }
    auto mean = sum_ / load_;
    sum_ %= load_;
    if (sum_ < 0)
    {
        --mean;
        sum_ += load_;
    }
    base_ = moved(base_, mean);
}

/// By how much it is ahead of the mean, by its weight.
std::int64_t Fair_scheduler::lead(const Schedulable& vcpu) const
{
    return std::clamp(distance(base_, vcpu.place().value), -furthest, furthest) * weight(vcpu);
}

/// In ticks, to the nearest. Requires that base_ is the mean.
std::int64_t Fair_scheduler::lag(const Schedulable& vcpu) const
{
    return ((std::int64_t{1} << (scale - 1)) - lead(vcpu)) >> scale;
}

void Fair_scheduler::enter(Schedulable& vcpu, std::int64_t at)
{
    virtual_time(vcpu) = at;
    load_ += weight(vcpu);
    // No core has so many to run.
    OVM_GUARANTEED(load_ <= load_max);
    sum_ += lead(vcpu);
    bring_base_to_mean();
}

/// It competes no longer.
void Fair_scheduler::withdraw(const Schedulable& vcpu)
{
    load_ -= weight(vcpu);
    sum_ -= lead(vcpu);
    bring_base_to_mean();
}

void Fair_scheduler::set_deadline(Schedulable& vcpu) const
{
    virtual_deadline(vcpu) = moved(virtual_time(vcpu), to_virtual(signed_ticks(left(vcpu)), weight(vcpu)));
}

/// It waits from now on, with the rest of its request or a new one.
void Fair_scheduler::queue(Schedulable& vcpu)
{
    if (vcpu.account().slice_left == Ticks(0))
        vcpu.account().slice_left = request(vcpu);
    set_deadline(vcpu);
    tree_.insert(vcpu, virtual_deadline(vcpu), virtual_time(vcpu));
}

/// Whether it runs or waits.
void Fair_scheduler::take_out(Schedulable& vcpu)
{
    if (current_ == &vcpu)
        current_ = nullptr;
    else
        tree_.remove(vcpu);
}

/// The current one goes back to those who wait, unless it stays beside the best of them.
void Fair_scheduler::make_room(Schedulable* rival)
{
    if (current_ == nullptr || goes_on(rival))
        return;
    tree_.insert(*current_, virtual_deadline(*current_), virtual_time(*current_));
    current_ = nullptr;
}

/// Somebody runs, if anybody is there. Were none of them eligible, as no mean allows, the earliest one would
/// nevertheless.
void Fair_scheduler::fill_room(Schedulable* eligible, Ticks now)
{
    if (current_ != nullptr)
        return;
    auto* const next = eligible != nullptr ? eligible : tree_.first();
    if (next == nullptr)
        return;
    tree_.remove(*next);
    current_ = next;
    current_since_ = now;
}

void Fair_scheduler::charge(Schedulable& vcpu, Ticks now)
{
    auto const ran = elapsed(current_since_, now);
    current_since_ = now;
    auto& account = vcpu.account();
    account.ran += ran;
    auto const had = left(vcpu);
    if (ran != Ticks(0))
        account.slice_left = ran < had ? had - ran : Ticks(0);
    auto const step = to_virtual(signed_ticks(std::min(ran, slice_ * 2)), weight(vcpu));
    virtual_time(vcpu) = moved(virtual_time(vcpu), step);
    sum_ += step * weight(vcpu);
    bring_base_to_mean();
}

void Fair_scheduler::charge_current(Ticks now)
{
    if (current_ != nullptr)
        charge(*current_, now);
}

Result<> Fair_scheduler::admit(Schedulable& vcpu, Ticks)
{
    vcpu.place() = {};
    return {};
}

void Fair_scheduler::leave(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(!vcpu.place().is_queued() && current_ != &vcpu);
}

std::int64_t Fair_scheduler::lag_on_wake(const Schedulable& vcpu, Ticks now) const
{
    auto const& account = vcpu.account();
    auto const kept = clipped(account.lag);
    if (kept >= 0)
        return kept;
    auto const slept = signed_ticks(std::min(elapsed(account.asleep_since, now), longest_sleep));
    auto const share = slept * weight(vcpu) / (load_ + weight(vcpu));
    return std::min(std::int64_t{0}, kept + share);
}

void Fair_scheduler::wake(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(!vcpu.place().is_queued() && current_ != &vcpu);
    OVM_PRESUMES(is_sound());
    OVM_PRESUMES(links::are_linked());
    charge_current(now);
    auto const owed = lag_on_wake(vcpu, now);
    // Its coming moves the mean, by which lag is measured: seen from there it shall be what it was.
    auto const mean = load_ == 0 ? base_ : moved(base_, -to_virtual(owed, load_));
    enter(vcpu, moved(mean, -to_virtual(owed, weight(vcpu))));
    vcpu.account().slice_left = request(vcpu);
    queue(vcpu);
    OVM_PROMISES(vcpu.place().is_queued() && is_sound());
    OVM_PROMISES(links::are_linked());
}

void Fair_scheduler::block(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(Deadline_tree::is_node(vcpu) || current_ == &vcpu);
    OVM_PRESUMES(is_sound() && load_ >= weight(vcpu));
    OVM_PRESUMES(links::are_linked());
    charge_current(now);
    auto& account = vcpu.account();
    account.lag = clipped(lag(vcpu));
    account.asleep_since = now;
    withdraw(vcpu);
    take_out(vcpu);
    OVM_PROMISES(!Deadline_tree::is_node(vcpu) && current_ != &vcpu && is_sound());
    OVM_PROMISES(links::are_linked());
}

/// Whether the current one stays, beside the best of the others. A new request has to be eligible; one that is being
/// served has been.
bool Fair_scheduler::goes_on(Schedulable* rival)
{
    bool const is_new = current_->account().slice_left == Ticks(0);
    if (is_new)
    {
        current_->account().slice_left = request(*current_);
        set_deadline(*current_);
    }
    if (rival == nullptr)
        return true;
    if (is_new && distance(virtual_time(*current_), base_) < 0)
        return false;
    return distance(virtual_deadline(*current_), virtual_deadline(*rival)) >= 0;
}

/// current_ becomes who runs from now on.
void Fair_scheduler::decide(Ticks now)
{
    auto* const best = tree_.first_within(base_);
    make_room(best);
    fill_room(best, now);
}

/// When its request is served, or somebody with an earlier deadline becomes eligible before.
Ticks Fair_scheduler::until_next(Ticks now) const
{
    auto const turn = left(*current_);
    auto* const urgent = tree_.first();
    if (distance(virtual_deadline(*urgent), virtual_deadline(*current_)) <= 0)
        return now + turn;
    auto const gap = std::clamp(distance(base_, virtual_time(*urgent)), std::int64_t{0}, sum_max / load_max);
    auto const wait = Ticks(static_cast<std::uint64_t>(gap * load_ >> scale) + 1);
    return now + std::min(turn, std::max(wait, slice_ / shortest_part));
}

processor::Scheduler::Choice Fair_scheduler::choose(Ticks now)
{
    // Places are this policy's alone, and whatever else it does leaves them so.
    OVM_GUARANTEED(is_sound());
    OVM_GUARANTEED(links::are_linked());
    charge_current(now);
    arch::injection_point("fair: in a choice");
    decide(now);
    Choice choice{.next = current_};
    if (!tree_.empty())
        choice.until = until_next(now);
    OVM_PROMISES(choice.next == current_ && is_sound() && (current_ != nullptr || tree_.empty()));
    OVM_PROMISES(links::are_linked());
    return choice;
}

Result<> Fair_scheduler::export_state(Scheduler_state& state)
{
    // As in a choice.
    OVM_GUARANTEED(is_sound());
    OVM_GUARANTEED(links::are_linked());
    charge_current(state.now);
    for (auto& vcpu : state.vcpus)
    {
        if (vcpu.place().is_queued() || &vcpu == current_)
            vcpu.account().lag = lag(vcpu);
    }
    state.next = tree_.first_within(base_);
    note_order_lost(state);
    return {};
}

/// Their lags are from a mean of 0: what they leave over together moves it for all.
void Fair_scheduler::take_lags(Scheduler_state& state)
{
    for (auto& vcpu : state.vcpus)
    {
        OVM_LOOP_INVARIANT(invariant());
        if (!vcpu.runnable())
            continue;
        auto const owed = clipped(vcpu.account().lag);
        if (owed != vcpu.account().lag)
            state.lost |= Scheduler_state::lag;
        enter(vcpu, -to_virtual(owed, weight(vcpu)));
    }
}

void Fair_scheduler::take_all_in(const Scheduler_state& state)
{
    for (auto& vcpu : In_turn(state))
    {
        OVM_LOOP_INVARIANT(invariant() && tree_.is_sound());
        OVM_LOOP_INVARIANT(links::are_linked());
        if (is_waiting(state, vcpu))
            queue(vcpu);
    }
}

Result<> Fair_scheduler::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(load_ == 0 && tree_.empty() && (state.current == nullptr || state.current->runnable()));
    // Nobody is in it.
    OVM_GUARANTEED(tree_.is_sound());
    note_reservations_lost(state);
    forget_places(state);
    arch::injection_point("fair: in an import");
    take_lags(state);
    // Nobody here is in a tree any more, and those of other cores are none of this one's.
    OVM_GUARANTEED(links::are_linked());
    take_all_in(state);
    if (state.current != nullptr)
        set_deadline(*state.current);
    current_ = state.current;
    current_since_ = state.now;
    OVM_PROMISES(tree_.is_sound());
    OVM_PROMISES(links::are_linked());
    return {};
}

} // namespace ovm::policy
