#include "object/adaptor/swap.hpp"

#include <algorithm>

#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"

namespace ovm::object
{

void Swap::prepare(std::string_view who, bool returned)
{
    OVM_REQUIRES_THAT(idle());
    requests_.clear();
    who_.assign(who);
    returned_ = returned;
}

/// swap.pml: begin_swap.
Result<> Swap::add(const Request& request)
{
    OVM_REQUIRES_THAT(idle() && request.adaptor != nullptr);
    if (!request.adaptor->claim())
        return Error::busy;
    auto const added = requests_.push_back(request);
    if (!added)
        request.adaptor->disclaim();
    return added;
}

void Swap::abandon()
{
    OVM_REQUIRES_THAT(idle());
    for (auto& request : requests_)
        request.adaptor->disclaim();
    requests_.clear();
}

void Swap::begin(Core_id core, Swap_observer* observer)
{
    OVM_REQUIRES_THAT(idle() && !requests_.empty());
    observer_ = observer;
    failed_ = false;
    at_ = 0;
    gate_ = Ticks(0);
    begun_ = arch::time_stamp();
    phase_ = Swap_phase::construct;
    start(core);
}

bool Swap::any_gate() const
{
    return std::ranges::any_of(requests_, [](const Request& request) { return request.adaptor->has_gate(); });
}

Job::Step Swap::step()
{
    if (failed_)
        return roll_back();
    switch (phase_)
    {
    case Swap_phase::construct:
        return construct();
    case Swap_phase::close_gate:
        return close_gates();
    case Swap_phase::drain: // swap.pml: pass_epoch
        if (grace_.over())
            phase_ = Swap_phase::carry;
        else
            arch::pause(); // nobody else runs here meanwhile
        return Step::at_once;
    case Swap_phase::carry:
        return carry();
    case Swap_phase::publish:
        return publish();
    case Swap_phase::retire:
        return retire();
    case Swap_phase::done:
        break;
    }
    return Step::done;
}

/// Of the swap itself; a policy's own fault is its adaptor's affair (Adaptor::faulted). What is published stays: only
/// the old policies' end is left to do, once more.
Job::Step Swap::faulted(const arch::Fault&)
{
    return failed_ || phase_ == Swap_phase::retire ? Step::again : fail(Error::faulted);
}

/// swap.pml: construct_next. One policy a slice: the more of them, the longer.
Job::Step Swap::construct()
{
    auto& request = requests_[at_];
    arch::injection_point("swap: before a policy is made");
    if (auto const made = request.adaptor->construct(request.policy, request.parameters); !made)
        return fail(made.error());
    if (++at_ == requests_.size())
    {
        at_ = 0;
        phase_ = Swap_phase::close_gate;
    }
    return Step::again;
}

/// swap.pml: close_gate, sample_epochs. All gates in one slice, so that none is closed longer than the others need.
Job::Step Swap::close_gates()
{
    closed_ = arch::time_stamp();
    arch::injection_point("swap: before the gates close");
    for (auto& request : requests_)
        request.adaptor->close_gate();
    if (any_gate())
    {
        grace_.begin();
        phase_ = Swap_phase::drain;
    }
    else
        phase_ = Swap_phase::carry;
    return Step::at_once;
}

/// swap.pml: export_state, import_state.
Job::Step Swap::carry()
{
    for (; at_ < requests_.size(); ++at_)
    {
        arch::injection_point("swap: before a state is carried");
        auto& adaptor = *requests_[at_].adaptor;
        switch (adaptor.carry())
        {
        case Adaptor::Progress::done:
            continue;
        case Adaptor::Progress::again:
            return Step::at_once;
        case Adaptor::Progress::failed:
            return fail(adaptor.error());
        }
    }
    at_ = 0;
    phase_ = Swap_phase::publish;
    return publish();
}

/// swap.pml: commit, publish_winner, open_gate; local_swap.pml: commit.
Job::Step Swap::publish()
{
    arch::Commit_section const all_or_none;
    auto const now = arch::time_stamp();
    for (auto& request : requests_)
    {
        request.adaptor->now_in_charge(request.policy, request.parameters, now);
        request.adaptor->publish();
    }
    if (any_gate())
        gate_ = now - closed_;
    grace_.begin();
    phase_ = Swap_phase::retire;
    return Step::again;
}

/// swap.pml: retire_old.
Job::Step Swap::retire()
{
    if (!grace_.over())
        return Step::again;
    arch::injection_point("swap: before the old policies end");
    for (auto& request : requests_)
        request.adaptor->retire();
    record();
    return end();
}

Job::Step Swap::fail(Error error)
{
    failed_ = true;
    failed_in_ = phase_;
    error_ = error;
    return Step::at_once;
}

/// swap.pml: publish_winner, open_gate, refuse. Those that the failure came before have nothing to take back.
Job::Step Swap::roll_back()
{
    for (auto& request : requests_)
    {
        if (request.adaptor->roll_back() == Adaptor::Progress::again)
            return Step::again;
    }
    if (any_gate() && failed_in_ > Swap_phase::close_gate)
        gate_ = arch::time_stamp() - closed_;
    record();
    return end();
}

void Swap::record()
{
    for (auto& request : requests_)
    {
        auto& adaptor = *request.adaptor;
        Swap_record record{.begun = begun_,
                           .gate = adaptor.has_gate() ? gate_ : Ticks(0),
                           .whole = arch::time_stamp() - begun_,
                           .from = Text<31>(adaptor.description(failed_ ? adaptor.current() : adaptor.previous()).name),
                           .to = Text<31>(adaptor.description(request.policy).name),
                           .who = who_,
                           .reached = failed_ ? failed_in_ : Swap_phase::done,
                           .error = error_,
                           .lost = failed_ ? 0 : adaptor.lost(),
                           .returned = returned_,
                           .replaced_failed = !failed_ && adaptor.previous_failed()};
        adaptor.record(record);
    }
}

/// swap.pml: finish_swap.
Job::Step Swap::end()
{
    phase_ = Swap_phase::done;
    for (auto& request : requests_)
        request.adaptor->disclaim();
    if (observer_ != nullptr)
        observer_->swap_ended(*this);
    return Step::done;
}

} // namespace ovm::object
