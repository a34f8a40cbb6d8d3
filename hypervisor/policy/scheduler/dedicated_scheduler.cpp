#include "policy/scheduler/dedicated_scheduler.hpp"

#include "base/contract.hpp"
#include "policy/scheduler/slice.hpp"

namespace ovm::policy
{

using processor::Schedulable;
using processor::Scheduler_state;

void Dedicated_scheduler::charge_current(Ticks now)
{
    if (running_)
        current_->account().ran += elapsed(current_since_, now);
    current_since_ = now;
}

Result<> Dedicated_scheduler::admit(Schedulable& vcpu, Ticks)
{
    if (owner_ != nullptr)
        return Error::denied;
    vcpu.place() = {};
    owner_ = &vcpu;
    OVM_PROMISES(owner_ == &vcpu && !vcpu.place().is_queued());
    return {};
}

void Dedicated_scheduler::leave(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(owner_ == &vcpu && current_ == nullptr);
    owner_ = nullptr;
}

void Dedicated_scheduler::wake(Schedulable& vcpu, Ticks)
{
    OVM_REQUIRES_THAT(owner_ == &vcpu && current_ == nullptr);
    current_ = &vcpu;
}

void Dedicated_scheduler::block(Schedulable& vcpu, Ticks now)
{
    OVM_REQUIRES_THAT(current_ == &vcpu);
    charge_current(now);
    vcpu.account().asleep_since = now;
    current_ = nullptr;
    running_ = false;
}

processor::Scheduler::Choice Dedicated_scheduler::choose(Ticks now)
{
    charge_current(now);
    running_ = current_ != nullptr;
    return {.next = current_};
}

Result<> Dedicated_scheduler::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    state.next = nullptr;
    return {};
}

Result<> Dedicated_scheduler::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(owner_ == nullptr);
    if (state.vcpus.count() > 1)
        return Error::denied;
    for (auto& vcpu : state.vcpus)
    {
        vcpu.place() = {};
        owner_ = &vcpu;
        current_ = vcpu.runnable() ? &vcpu : nullptr;
    }
    running_ = state.current != nullptr;
    current_since_ = state.now;
    return {};
}

} // namespace ovm::policy
