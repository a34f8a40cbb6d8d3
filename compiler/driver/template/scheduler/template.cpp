#include "template_file.hpp"

#include "base/bits.hpp"

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;

Result<> Template_class::check(object::Values values)
{
    if (values[0] > longest_slice)
        return Error::out_of_range;
    return {};
}

void Template_class::charge_current(Ticks now)
{
    if (current_ != nullptr && now > since_)
    {
        auto& account = current_->account();
        account.ran = Ticks(saturating_add(account.ran.value(), (now - since_).value()));
        since_ = now;
    }
}

void Template_class::add(Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(count_ < most);
    waiting_[count_] = &vcpu;
    ++count_;
}

void Template_class::take(std::uint32_t place)
{
    OVM_REQUIRES_THAT(place < count_ && count_ <= most);
    --count_;
    for (; place < count_; ++place)
    {
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(i, count_ + 1, waiting_[i] != nullptr));
        waiting_[place] = waiting_[place + 1];
    }
}

Result<> Template_class::admit(Schedulable&, Ticks)
{
    if (residents_ == most)
        return Error::denied;
    ++residents_;
    return {};
}

void Template_class::leave(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(residents_ > 0 && current_ != &vcpu);
    --residents_;
}

/// It is one of those that were admitted, and so there is a place.
void Template_class::wake(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(count_ + (current_ != nullptr ? 1 : 0) < most);
    add(vcpu);
}

void Template_class::block(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    vcpu.account().asleep_since = now;
    if (current_ == &vcpu)
    {
        current_ = nullptr;
        return;
    }
    std::uint32_t place = 0;
    while (place < count_ && waiting_[place] != &vcpu)
        ++place;
    OVM_REQUIRES_THAT(place < count_);
    take(place);
}

processor::Scheduler::Choice Template_class::choose(Ticks now)
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
        current_ = waiting_[0];
        take(0);
        since_ = now;
        until_ = now + slice_;
    }
    if (count_ == 0)
        return {.next = current_};
    return {.next = current_, .until = Ticks(until_.value())};
}

Result<> Template_class::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    if (count_ > 0)
        state.next = waiting_[0];
    // The accounts do not say who waits longest.
    if (count_ > 1)
        state.lost |= Scheduler_state::order;
    return {};
}

Result<> Template_class::import_state(Scheduler_state& state)
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
