#include "policy/scheduler/round_robin_scheduler.hpp"

#include "arch/injection.hpp"
#include "base/contract.hpp"
#include "policy/scheduler/handover.hpp"

namespace ovm::policy
{

using processor::Schedulable;
using processor::Scheduler_state;

Round_robin_scheduler::Round_robin_scheduler(const Parameters& parameters) : turns_(parameters.slice)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

/// Takes what it ran off its slice.
void Round_robin_scheduler::charge_current(Ticks now)
{
    if (current_ == nullptr)
        return;
    auto const ran = elapsed(current_since_, now);
    current_since_ = now;
    current_->account().ran += ran;
    turns_.charge(*current_, ran);
}

/// With its slice used up it gets a new one, and goes to the end.
void Round_robin_scheduler::turn_over_current()
{
    if (current_ == nullptr || current_->account().slice_left != Ticks(0))
        return;
    // It was taken out when its turn began.
    OVM_GUARANTEED(!current_->place().list.queued);
    turns_.put_behind(*current_);
    current_ = nullptr;
}

Result<> Round_robin_scheduler::admit(Schedulable& vcpu, Ticks)
{
    vcpu.place() = {};
    OVM_PROMISES(!vcpu.place().list.queued);
    return {};
}

void Round_robin_scheduler::leave(Schedulable& vcpu, Ticks)
{
    arch::injection_point("round robin: at a leave");
    OVM_REQUIRES_THAT(!vcpu.place().list.queued && current_ != &vcpu);
}

void Round_robin_scheduler::wake(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(current_ != &vcpu);
    OVM_PRESUMES(!vcpu.place().list.queued && (current_ == nullptr || !current_->place().list.queued));
    OVM_PRESUMES(runnable_ < ~std::uint32_t{0});
    [[maybe_unused]] auto const* const before = current_;
    charge_current(now);
    turn_over_current();
    if (current_ != nullptr)
        turns_.put_first(*current_);
    current_ = nullptr;
    ++runnable_;
    turns_.join(vcpu, now, runnable_);
    OVM_PROMISES(current_ == nullptr && vcpu.place().list.queued);
    OVM_PROMISES(before == nullptr || before->place().list.queued);
}

void Round_robin_scheduler::block(Schedulable& vcpu, Ticks now)
{
    OVM_PRESUMES(current_ == &vcpu || vcpu.place().list.queued);
    charge_current(now);
    arch::injection_point("round robin: at a block");
    if (current_ == &vcpu)
        current_ = nullptr;
    else
        turns_.take_out(vcpu);
    vcpu.account().asleep_since = now;
    --runnable_;
}

processor::Scheduler::Choice Round_robin_scheduler::choose(Ticks now)
{
    charge_current(now);
    arch::injection_point("round robin: in a choice");
    turn_over_current();
    if (current_ == nullptr && !turns_.empty())
    {
        current_ = &turns_.take_first();
        current_since_ = now;
    }
    Choice choice{.next = current_};
    if (!turns_.empty())
        choice.until = now + turns_.left(*current_);
    OVM_PROMISES(choice.next == current_ && choice.until.has_value() == !turns_.empty());
    OVM_PROMISES(choice.next != nullptr || turns_.empty());
    return choice;
}

Result<> Round_robin_scheduler::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    state.next = turns_.first();
    note_order_lost(state);
    OVM_PROMISES(state.next == turns_.first());
    return {};
}

Result<> Round_robin_scheduler::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(runnable_ == 0 && (state.current == nullptr || state.current->runnable()));
    note_reservations_lost(state);
    forget_places(state);
    arch::injection_point("round robin: in an import");
    for (auto& vcpu : state.vcpus)
    {
        OVM_LOOP_INVARIANT(invariant());
        if (vcpu.runnable() && &vcpu != state.current && vcpu.account().slice_left == Ticks(0))
            vcpu.account().slice_left = turns_.slice();
    }
    for (auto& vcpu : In_turn(state))
    {
        OVM_LOOP_INVARIANT(invariant());
        if (is_waiting(state, vcpu))
            turns_.put_last(vcpu);
    }
    current_ = state.current;
    current_since_ = state.now;
    runnable_ = state.vcpus.runnable();
    return {};
}

} // namespace ovm::policy
