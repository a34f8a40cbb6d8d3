#include "processor/migration.hpp"

#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "processor/core.hpp"

namespace ovm::processor
{

void Migration::Room::ask_again(Core_id core)
{
    if (unsettled)
        object::post(core, owner_);
}

Result<> Migration::begin(Vcpu& vcpu, Core& to, Migration_observer& observer)
{
    OVM_REQUIRES_THAT(idle());
    if (&vcpu.home() == &to)
        return Error::exists;
    vcpu_ = &vcpu;
    to_ = &to;
    observer_ = &observer;
    owner_ = arch::this_core();
    begun_ = arch::time_stamp();
    under_way_ = true;
    phase_ = Phase::preparing;
    object::post(to.id(), *this);
    return {};
}

void Migration::received()
{
    switch (phase_)
    {
    case Phase::preparing:
        return prepare();
    case Phase::arriving:
        return vcpu_->arrive();
    case Phase::cancelling:
        return cancel();
    case Phase::over:
        under_way_ = false;
        return observer_->migration_over(*this);
    case Phase::leaving:
        break;
    }
    OVM_ASSERT(false);
}

/// On the target, as are arrive and cancel. A scheduler that fails in it is replaced, and this comes again.
void Migration::prepare()
{
    room_.set_parameters(vcpu_->parameters());
    room_.unsettled = true;
    auto const admitted = to_->admit(room_);
    room_.unsettled = false;
    if (!admitted)
        return end(Outcome::no_room);
    phase_ = Phase::leaving;
    vcpu_->leave_for(*this);
}

void Migration::cancel()
{
    room_.unsettled = true;
    to_->give_up(room_);
    room_.unsettled = false;
    end(Outcome::stopped);
}

void Migration::end(Outcome outcome)
{
    ended_ = arch::time_stamp();
    outcome_ = outcome;
    phase_ = Phase::over;
    object::post(owner_, *this);
}

void Migration::departed()
{
    phase_ = Phase::arriving;
    object::post(to_->id(), *this);
}

void Migration::cannot_depart()
{
    phase_ = Phase::cancelling;
    object::post(to_->id(), *this);
}

void Migration::arrived()
{
    end(Outcome::moved);
}

} // namespace ovm::processor
