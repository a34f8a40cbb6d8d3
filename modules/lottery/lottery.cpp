#include "lottery.hpp"

#include <algorithm>

#include "base/bits.hpp"

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;
using processor::Scheduling_parameters;

namespace
{

std::uint64_t tickets(const Schedulable& vcpu)
{
    return std::clamp(vcpu.parameters().weight, std::uint32_t{1}, Scheduling_parameters::weight_max);
}

} // namespace

Result<> Lottery::check(object::Values values)
{
    if (values[0] > longest_slice || values[1] >= 0x7fff'ffff)
        return Error::out_of_range;
    return {};
}

void Lottery::charge_current(Ticks now)
{
    if (current_ != nullptr && now > since_)
    {
        auto& account = current_->account();
        account.ran = Ticks(saturating_add(account.ran.value(), (now - since_).value()));
        since_ = now;
    }
}

/// Requires that there is a place, as admit() sees to.
void Lottery::add(Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(count_ < most);
    waiting_[count_] = &vcpu;
    ++count_;
}

/// count_, if it does not wait.
std::uint32_t Lottery::place_of(const Schedulable& vcpu) const
{
    std::uint32_t place = 0;
    while (place < count_ && waiting_[place] != &vcpu)
        ++place;
    return place;
}

/// The last one fills the gap.
Schedulable* Lottery::take(std::uint32_t place)
{
    OVM_REQUIRES_THAT(place < count_ && count_ <= most);
    auto* const taken = waiting_[place];
    --count_;
    waiting_[place] = waiting_[count_];
    return taken;
}

/// The place of the winner. Requires that somebody waits.
std::uint32_t Lottery::draw()
{
    OVM_REQUIRES_THAT(count_ > 0 && count_ <= most);
    std::uint64_t all = 0;
    for (std::uint32_t place = 0; place < count_; ++place)
    {
        OVM_LOOP_INVARIANT(all >= place && all <= std::uint64_t{place} * Scheduling_parameters::weight_max);
        all += tickets(*waiting_[place]);
    }
    // Park and Miller's generator (1988): its period is all of its range.
    lot_ = lot_ * 48'271 % 0x7fff'ffff;
    std::uint64_t left = lot_ % all;
    std::uint32_t place = 0;
    while (place + 1 < count_ && left >= tickets(*waiting_[place]))
    {
        left -= tickets(*waiting_[place]);
        ++place;
    }
    return place;
}

Result<> Lottery::admit(Schedulable&, Ticks)
{
    if (residents_ == most)
        return Error::denied;
    ++residents_;
    return {};
}

void Lottery::leave(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(residents_ > 0 && current_ != &vcpu);
    --residents_;
}

/// It is one of those that were admitted, and so there is a place.
void Lottery::wake(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(count_ + (current_ != nullptr ? 1 : 0) < most);
    add(vcpu);
}

void Lottery::block(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    vcpu.account().asleep_since = now;
    if (current_ == &vcpu)
    {
        current_ = nullptr;
        return;
    }
    auto const place = place_of(vcpu);
    OVM_REQUIRES_THAT(place < count_);
    take(place);
}

processor::Scheduler::Choice Lottery::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    charge_current(now);
    if (current_ != nullptr && now >= until_)
    {
        add(*current_);
        current_ = nullptr;
    }
    if (current_ == nullptr && count_ > 0)
    {
        current_ = take(draw());
        since_ = now;
        until_ = now + slice_;
    }
    Choice choice{.next = current_};
    if (count_ > 0)
        choice.until = until_;
    return choice;
}

Result<> Lottery::export_state(Scheduler_state& state)
{
    // Nothing is lost: who is next was never settled.
    charge_current(state.now);
    return {};
}

Result<> Lottery::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(state.now < end_of_time && current_ == nullptr && count_ == 0 && residents_ == 0);
    for (auto& vcpu : state.vcpus)
    {
        OVM_LOOP_INVARIANT(invariant() && count_ <= residents_ && current_ == nullptr);
        OVM_VARIANT(most - residents_);
        if (residents_ == most)
            return Error::denied;
        ++residents_;
        if (vcpu.parameters().has_reservation())
            state.lost |= Scheduler_state::reservation;
        if (vcpu.runnable() && &vcpu != state.current)
            add(vcpu);
    }
    if (count_ < most)
        current_ = state.current;
    since_ = state.now;
    until_ = state.now + slice_;
    return {};
}

} // namespace ovm::modules
