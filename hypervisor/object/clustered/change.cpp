#include "object/clustered/change.hpp"

#include "base/contract.hpp"

namespace ovm::object
{

Result<> Change::begin_kind(Changeable& object, Kind kind, Node_id home, Core_id core, Change_observer* observer)
{
    OVM_TRY(claim(object));
    return begin(object.plan_kind(kind, home), Phase::construct, core, observer);
}

Result<> Change::begin_migration(Changeable& object, Core_id from, Core_id to, Core_id core, Change_observer* observer)
{
    OVM_TRY(claim(object));
    return begin(object.plan_migration(from, to), Phase::construct, core, observer);
}

Result<> Change::begin_end(Changeable& object, Core_id core, Change_observer* observer)
{
    OVM_TRY(claim(object));
    return begin(object.plan_end(), Phase::close_gate, core, observer);
}

Result<> Change::begin_give_back(Changeable& object, Object_table& table, Core_id core, Change_observer* observer)
{
    OVM_TRY(claim(object));
    slot_ = object.give_up_slot();
    table_ = &table;
    grace_.begin();
    return begin(Change_plan{}, Phase::give_back, core, observer);
}

Result<> Change::claim(Changeable& object)
{
    OVM_REQUIRES_THAT(idle());
    if (!object.claim())
        return Error::busy;
    object_ = &object;
    return {};
}

Result<> Change::begin(const Result<Change_plan>& plan, Phase phase, Core_id core, Change_observer* observer)
{
    if (!plan)
    {
        object_->disclaim();
        return plan.error();
    }
    plan_ = *plan;
    observer_ = observer;
    failed_ = false;
    seat_ = 0;
    phase_ = phase;
    start(core);
    return {};
}

Job::Step Change::step()
{
    switch (phase_)
    {
    case Phase::construct:
        return construct();
    case Phase::close_gate:
        return close_gate();
    case Phase::drain:
        return drain();
    case Phase::retire:
        return retire();
    case Phase::give_back:
        return give_back();
    case Phase::idle:
        break;
    }
    return Step::done;
}

/// One representative a slice.
Job::Step Change::construct()
{
    while (seat_ < max_seats && !contains(plan_.come, seat_))
        ++seat_;
    if (seat_ == max_seats)
    {
        phase_ = Phase::close_gate;
        return Step::at_once;
    }
    if (auto const made = object_->construct(plan_, seat_++); !made)
        return refused(made.error());
    return Step::again;
}

/// While the new ones are made, nothing has changed. All phases after that can be repeated, up to where they have
/// commit sections.
Job::Step Change::faulted(const arch::Fault&)
{
    return phase_ == Phase::construct ? refused(Error::faulted) : Step::at_once;
}

Job::Step Change::refused(Error error)
{
    failed_ = true;
    error_ = error;
    object_->give_up();
    return end();
}

Job::Step Change::close_gate()
{
    object_->close_gate(plan_);
    grace_.begin();
    phase_ = plan_.destroy ? Phase::retire : Phase::drain;
    return Step::at_once;
}

Job::Step Change::drain()
{
    if (!grace_.over())
        return Step::at_once;
    object_->carry(plan_);
    // The gate is in the root and the old ones were reached by nobody since it closed.
    object_->retire();
    return end();
}

Job::Step Change::retire()
{
    if (!grace_.over())
        return Step::again;
    object_->retire();
    return end();
}

Job::Step Change::give_back()
{
    if (!grace_.over())
        return Step::again;
    table_->give_back(slot_);
    return end();
}

Job::Step Change::end()
{
    phase_ = Phase::idle;
    object_->disclaim();
    if (observer_ != nullptr)
        observer_->change_ended(*this);
    return Step::done;
}

} // namespace ovm::object
