#include "policy/round_robin_scheduler.hpp"

#include <algorithm>

#include "base/contract.hpp"

namespace ovm::policy
{

using processor::Schedulable;

void Round_robin_scheduler::put_first(Schedulable& vcpu)
{
    auto& place = vcpu.place();
    OVM_REQUIRES_THAT(!place.queued);
    place.queued = true;
    place.previous = nullptr;
    place.next = first_;
    (first_ != nullptr ? first_->place().previous : last_) = &vcpu;
    first_ = &vcpu;
}

void Round_robin_scheduler::put_last(Schedulable& vcpu)
{
    auto& place = vcpu.place();
    OVM_REQUIRES_THAT(!place.queued);
    place.queued = true;
    place.next = nullptr;
    place.previous = last_;
    (last_ != nullptr ? last_->place().next : first_) = &vcpu;
    last_ = &vcpu;
}

void Round_robin_scheduler::take_out(Schedulable& vcpu)
{
    auto& place = vcpu.place();
    OVM_REQUIRES_THAT(place.queued);
    (place.previous != nullptr ? place.previous->place().next : first_) = place.next;
    (place.next != nullptr ? place.next->place().previous : last_) = place.previous;
    place.queued = false;
    place.next = place.previous = nullptr;
}

/// Takes what it ran off its slice.
void Round_robin_scheduler::charge_current(Ticks now)
{
    if (current_ == nullptr)
        return;
    auto& left = current_->place().slice_left;
    auto const ran = now > current_since_ ? now - current_since_ : Ticks(0);
    current_since_ = now;
    left = ran < left ? left - ran : Ticks(0);
}

/// With its slice used up it gets a new one, and goes to the end.
void Round_robin_scheduler::turn_over_current()
{
    if (current_ == nullptr || current_->place().slice_left != Ticks(0))
        return;
    current_->place().slice_left = slice_;
    put_last(*current_);
    current_ = nullptr;
}

void Round_robin_scheduler::wake(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    turn_over_current();
    if (current_ != nullptr)
        put_first(*current_);
    current_ = nullptr;
    ++runnable_;
    auto& place = vcpu.place();
    auto const slept = now > place.asleep_since ? now - place.asleep_since : Ticks(0);
    auto const earned = place.slice_left + slept / (runnable_ + 1);
    if (earned == Ticks(0))
    {
        place.slice_left = slice_;
        return put_last(vcpu);
    }
    place.slice_left = std::min(earned, slice_);
    put_first(vcpu);
}

void Round_robin_scheduler::block(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    if (current_ == &vcpu)
        current_ = nullptr;
    else
        take_out(vcpu);
    vcpu.place().asleep_since = now;
    --runnable_;
}

processor::Scheduler::Choice Round_robin_scheduler::choose(Ticks now)
{
    charge_current(now);
    turn_over_current();
    if (current_ == nullptr && first_ != nullptr)
    {
        current_ = first_;
        current_since_ = now;
        take_out(*current_);
    }
    Choice choice{.next = current_};
    if (first_ != nullptr)
        choice.until = now + current_->place().slice_left;
    return choice;
}

} // namespace ovm::policy
