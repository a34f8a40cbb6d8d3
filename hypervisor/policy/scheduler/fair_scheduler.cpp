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

/// A tick of service to a vcpu of weight 1, in virtual time. All that is added up stays within 63 bits: lags are at
/// most 2 * slice_max = 2^32 ticks when they come in, and 255 vcpus cannot push one another further than 2^40, which is
/// 2^54 here and 2^62 in the sum of all.
constexpr unsigned scale = 14;
/// A sleep counts no longer than this, nor a turn that nobody ended longer than the lag that it could leave.
constexpr Ticks longest_sleep{std::uint64_t{1} << 40};
/// No request is shorter than this part of a slice, nor is any turn cut shorter for another's sake.
constexpr std::uint64_t shortest_part = 32;

std::int64_t weight(const processor::Schedulable& vcpu)
{
    return std::clamp(vcpu.parameters().weight, 1u, Scheduling_parameters::weight_max);
}

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
        return;
    auto const mean = sum_ / load_ - (sum_ % load_ < 0 ? 1 : 0);
    base_ = moved(base_, mean);
    sum_ -= mean * load_;
}

/// In ticks, to the nearest. Requires that base_ is the mean.
std::int64_t Fair_scheduler::lag(const Schedulable& vcpu) const
{
    auto const exact = distance(vcpu.place().value, base_) * weight(vcpu);
    return (exact + (std::int64_t{1} << (scale - 1))) >> scale;
}

void Fair_scheduler::enter(Schedulable& vcpu, std::int64_t at)
{
    virtual_time(vcpu) = at;
    load_ += weight(vcpu);
    sum_ += distance(base_, at) * weight(vcpu);
}

void Fair_scheduler::set_deadline(Schedulable& vcpu)
{
    virtual_deadline(vcpu) = moved(virtual_time(vcpu), to_virtual(signed_ticks(left(vcpu)), weight(vcpu)));
}

void Fair_scheduler::queue_current()
{
    tree_.insert(*current_, virtual_deadline(*current_), virtual_time(*current_));
    current_ = nullptr;
}

void Fair_scheduler::take(Schedulable& vcpu, Ticks now)
{
    tree_.remove(vcpu);
    current_ = &vcpu;
    current_since_ = now;
}

void Fair_scheduler::charge_current(Ticks now)
{
    if (current_ == nullptr)
        return;
    auto const ran = elapsed(current_since_, now);
    current_since_ = now;
    auto& account = current_->account();
    account.ran += ran;
    auto const had = left(*current_);
    if (ran != Ticks(0))
        account.slice_left = ran < had ? had - ran : Ticks(0);
    auto const step = to_virtual(signed_ticks(std::min(ran, slice_ * 2)), weight(*current_));
    virtual_time(*current_) = moved(virtual_time(*current_), step);
    sum_ += step * weight(*current_);
    bring_base_to_mean();
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
    charge_current(now);
    auto const owed = lag_on_wake(vcpu, now);
    // Its coming moves the mean, by which lag is measured: seen from there it shall be what it was.
    auto const mean = load_ == 0 ? base_ : moved(base_, -to_virtual(owed, load_));
    enter(vcpu, moved(mean, -to_virtual(owed, weight(vcpu))));
    bring_base_to_mean();
    vcpu.account().slice_left = request(vcpu);
    set_deadline(vcpu);
    tree_.insert(vcpu, virtual_deadline(vcpu), virtual_time(vcpu));
}

void Fair_scheduler::block(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(vcpu.place().is_queued() || current_ == &vcpu);
    charge_current(now);
    auto& account = vcpu.account();
    account.lag = clipped(lag(vcpu));
    account.asleep_since = now;
    load_ -= weight(vcpu);
    sum_ -= distance(base_, virtual_time(vcpu)) * weight(vcpu);
    bring_base_to_mean();
    if (current_ == &vcpu)
        current_ = nullptr;
    else
        tree_.remove(vcpu);
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

/// When its request is served, or somebody with an earlier deadline becomes eligible before.
Ticks Fair_scheduler::until_next(Ticks now) const
{
    auto const turn = left(*current_);
    auto* const urgent = tree_.first();
    if (distance(virtual_deadline(*urgent), virtual_deadline(*current_)) <= 0)
        return now + turn;
    auto const gap = distance(base_, virtual_time(*urgent));
    if (gap > to_virtual(signed_ticks(turn), load_))
        return now + turn;
    auto const wait = Ticks(static_cast<std::uint64_t>(std::max(gap, std::int64_t{0}) * load_ >> scale) + 1);
    return now + std::min(turn, std::max(wait, slice_ / shortest_part));
}

processor::Scheduler::Choice Fair_scheduler::choose(Ticks now)
{
    charge_current(now);
    auto* const best = tree_.first_within(base_);
    arch::injection_point("fair: in a choice");
    if (current_ != nullptr && !goes_on(best))
        queue_current();
    if (current_ == nullptr && best != nullptr)
        take(*best, now);
    Choice choice{.next = current_};
    if (!tree_.empty())
        choice.until = until_next(now);
    return choice;
}

Result<> Fair_scheduler::export_state(Scheduler_state& state)
{
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

Result<> Fair_scheduler::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(load_ == 0 && (state.current == nullptr || state.current->runnable()));
    note_reservations_lost(state);
    forget_places(state);
    arch::injection_point("fair: in an import");
    // All at once, from a mean of 0: what their lags leave over moves it for all.
    for (auto& vcpu : state.vcpus)
    {
        if (!vcpu.runnable())
            continue;
        auto const owed = clipped(vcpu.account().lag);
        if (owed != vcpu.account().lag)
            state.lost |= Scheduler_state::lag;
        enter(vcpu, -to_virtual(owed, weight(vcpu)));
    }
    bring_base_to_mean();
    for_each_waiting(state,
                     [&](Schedulable& vcpu)
                     {
                         if (vcpu.account().slice_left == Ticks(0))
                             vcpu.account().slice_left = request(vcpu);
                         set_deadline(vcpu);
                         tree_.insert(vcpu, virtual_deadline(vcpu), virtual_time(vcpu));
                     });
    if (state.current != nullptr)
        set_deadline(*state.current);
    current_ = state.current;
    current_since_ = state.now;
    return {};
}

} // namespace ovm::policy
