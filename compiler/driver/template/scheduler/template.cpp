#include "template_file.hpp"

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;

Template_class::Template_class(object::Values values) : slice_(values[0]) {}

void Template_class::charge_current(Ticks now)
{
    if (current_ != nullptr && now > since_)
    {
        current_->account().ran += now - since_;
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
        waiting_[place] = waiting_[place + 1];
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

void Template_class::wake(Schedulable& vcpu, Ticks)
{
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
    take(place);
}

processor::Scheduler::Choice Template_class::choose(Ticks now)
{
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
    Choice choice{.next = current_};
    if (count_ > 0)
        choice.until = until_;
    return choice;
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
    if (state.vcpus.count() > most)
        return Error::denied;
    for (auto& vcpu : state.vcpus)
    {
        if (vcpu.parameters().has_reservation())
            state.lost |= Scheduler_state::reservation;
        vcpu.place() = {};
        ++residents_;
        if (vcpu.runnable() && &vcpu != state.current)
            add(vcpu);
    }
    current_ = state.current;
    since_ = state.now;
    until_ = state.now + slice_;
    return {};
}

} // namespace ovm::modules
