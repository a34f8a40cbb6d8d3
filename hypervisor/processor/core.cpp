#include "processor/core.hpp"

#include <algorithm>
#include <utility>

#include "arch/at_hand.hpp"
#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "arch/processor.hpp"
#include "object/clustered/epoch.hpp"

namespace ovm::processor
{

namespace
{

/// What guests get between two slices of a job.
constexpr Nanoseconds job_pause{100'000};

} // namespace

Core::Core(Core_id id, const Policies& policies, Core_events& events, arch::Virtual_core virtual_core)
    : virtual_core_(virtual_core), local_(id), collection_(id), policies_(policies), events_(events), timers_(id),
      id_(id)
{
}

void Core::run()
{
    arch::core_window().current = this;
    watchdog_.begin(timers_);
    for (;;)
        turn();
}

void Core::turn()
{
    if (auto const* const fault = arch::run_crossing(*this))
        recover(*fault);
}

/// swap.pml: enter_crossing, enter_observing_crossing; local_swap.pml: enter_crossing, leave_crossing.
void Core::cross()
{
    auto& window = arch::core_window();
    collection_.enter(residents_.runnable() == 0);
    if (slice_is_due_)
    {
        work_on_jobs();
        return object::end_crossing(window);
    }
    timers_.run_expired();
    local_.inbox.receive_all();
    auto const now = arch::time_stamp();
    slice_is_due_ = !local_.jobs.empty() && (now >= next_job_slice_ || residents_.runnable() == 0);
    if (!slice_is_due_)
    {
        auto const choice = choose(now);
        if (choice.next == nullptr)
            rest();
        else
        {
            auto& vcpu = *choice.next->vcpu();
            if (&vcpu != current_)
                enter_turn(vcpu, now);
            set_slice(choice.until);
            run_vcpu(vcpu);
        }
    }
    object::end_crossing(window);
}

/// local_swap.pml: serve_request.
Scheduler::Choice Core::choose(Ticks now)
{
    arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    auto const choice = policies_.scheduler->choose(now);
    // What a policy says is believed only as far as the core knows better.
    OVM_ENSURES(choice.next == nullptr ? residents_.runnable() == 0 : can_run(*choice.next));
    return choice;
}

/// It lives here and wants to: one that has moved may well be running elsewhere.
bool Core::can_run(Schedulable& named) const
{
    auto const* const vcpu = named.vcpu();
    return vcpu != nullptr && &vcpu->home() == this && named.runnable();
}

/// A slice has a crossing of its own, so that none is as long as a slice and all that timers and messages want.
void Core::work_on_jobs()
{
    slice_is_due_ = false;
    bool const at_once = local_.jobs.run_one();
    next_job_slice_ = arch::time_stamp() + (at_once ? Ticks(0) : arch::to_ticks(job_pause));
}

void Core::rest()
{
    auto& window = arch::core_window();
    current_ = nullptr;
    set_slice(std::nullopt);
    if (!local_.inbox.empty() || !local_.jobs.empty())
        return;
    object::end_crossing(window);
    if (arch::time_stamp() < look_until_)
    {
        arch::pause();
        arch::take_interrupts();
    }
    else
        arch::wait_for_interrupt();
    object::announce_crossing(window);
}

/// The way in and out of a guest: what it does here is paid by every exit.
void Core::run_vcpu(Vcpu& vcpu)
{
    auto& window = arch::core_window();
    arch::At_hand const guest(window, vcpu);
    for (;;)
    {
        if (vcpu.has_attention() && !vcpu.attend()) [[unlikely]]
            return make_blocked(vcpu);
        if (!local_.inbox.empty()) [[unlikely]]
            return;
        object::end_crossing(window);
        auto const& exit = vcpu.state_.run(virtual_core_);
        object::announce_crossing(window);
        ++window.exits[static_cast<std::size_t>(exit.kind)];
        if (exit.kind == arch::Exit_kind::interrupt)
        {
            vcpu.note_shadow();
            ++window.crossings;
            return arch::take_interrupts();
        }
        vcpu.take_exit(exit);
    }
}

void Core::enter_turn(Vcpu& vcpu, Ticks now)
{
    if (current_ != nullptr)
        current_->start_waiting(now);
    current_ = &vcpu;
    arch::core_window().guest = {.vm = vcpu.vm(), .vcpu = vcpu.index(), .exit = &vcpu.state_.last_exit()};
    vcpu.end_waiting(now);
}

// The core's own list has everybody whom the scheduler may know: if that fails, another one is made from the list, and
// what is left to do is done again. The halt policy comes last: if it fails, nothing is left to do.

Result<> Core::admit(Schedulable& vcpu)
{
    if (vcpu.resident())
        return {};
    auto const now = arch::time_stamp();
    residents_.add(vcpu);
    note_load(now);
    arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    auto const admitted = policies_.scheduler->admit(vcpu, now);
    if (!admitted)
    {
        residents_.remove(vcpu);
        note_load(now);
    }
    return admitted;
}

void Core::dismiss(Vcpu& vcpu)
{
    if (vcpu.runnable())
        make_blocked(vcpu);
    give_up(vcpu);
}

/// Requires that it is not runnable.
void Core::give_up(Schedulable& vcpu)
{
    if (!vcpu.resident())
        return;
    auto const now = arch::time_stamp();
    {
        arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
        policies_.scheduler->leave(vcpu, now);
    }
    residents_.remove(
        vcpu); // last: whoever takes over from a scheduler that fails here must still find it to let it go
    note_load(now);
}

/// It has come to where room was made for it.
void Core::take_in(Vcpu& vcpu, Schedulable& room)
{
    auto const now = arch::time_stamp();
    arch::injection_point("core: before a vcpu is taken in");
    if (!vcpu.resident())
    {
        {
            arch::Commit_section const one_for_the_other;
            residents_.remove(room);
            residents_.add(vcpu);
        }
        arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
        policies_.scheduler->leave(room, now);
        arch::injection_point("core: the room left, the vcpu not admitted");
        // Whoever had room for its parameters has room for it.
        auto const admitted = policies_.scheduler->admit(vcpu, now);
        OVM_ENSURES(admitted.has_value());
    }
    arch::injection_point("core: a vcpu admitted, not lined up");
    note_load(now);
    if (vcpu.run_state() == Run_state::runnable && !vcpu.runnable())
        line_up(vcpu, now);
}

void Core::make_runnable(Vcpu& vcpu)
{
    auto const now = arch::time_stamp();
    vcpu.start_waiting(now);
    line_up(vcpu, now);
    found_wake_up(vcpu, now);
}

void Core::line_up(Vcpu& vcpu, Ticks now)
{
    residents_.set_runnable(vcpu, true);
    note_load(now);
    arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    policies_.scheduler->wake(vcpu, now);
}

void Core::make_blocked(Vcpu& vcpu)
{
    if (current_ == &vcpu)
        current_ = nullptr;
    residents_.set_runnable(vcpu, false);
    auto const now = arch::time_stamp();
    note_load(now);
    {
        arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
        policies_.scheduler->block(vcpu, now);
    }
    if (vcpu.run_state() == Run_state::halted)
        look_for_wake_up(vcpu, now);
}

/// A policy that is being replaced answers nothing, which is to sleep at once.
void Core::look_for_wake_up(Vcpu& vcpu, Ticks now)
{
    vcpu.halted_at_ = now;
    auto const poll = [&](Halt& halt) { return halt.poll(vcpu.identity(), vcpu.halt_account_, now); };
    if (auto const window = policies_.halt.ask(poll))
        look_until_ = std::max(look_until_, now + *window);
}

void Core::found_wake_up(Vcpu& vcpu, Ticks now)
{
    auto const halted_at = std::exchange(vcpu.halted_at_, Ticks(0));
    if (halted_at == Ticks(0))
        return;
    // Who is told nothing while the policy is replaced misses one of many.
    policies_.halt.ask(
        [&](Halt& halt)
        { static_cast<void>(halt.woke(vcpu.identity(), vcpu.halt_account_, now - halted_at, now < look_until_)); });
}

void Core::set_slice(std::optional<Ticks> until)
{
    if (!local_.jobs.empty())
        until = until ? std::min(*until, next_job_slice_) : next_job_slice_;
    if (until)
        timers_.arm(slice_end_, *until);
    else if (slice_end_.armed())
        timers_.cancel(slice_end_);
}

Scheduler_state Core::own_state() const
{
    bool const runs = current_ != nullptr && current_->runnable();
    return {.vcpus = residents_, .now = arch::time_stamp(), .current = runs ? current_ : nullptr};
}

/// local_swap.pml: exchange: this core is between two uses of its scheduler, as it is receiving a message.
Result<std::uint32_t> Core::exchange(Scheduler& next)
{
    arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    auto state = own_state();
    OVM_TRY(policies_.scheduler->export_state(state));
    arch::injection_point("exchange: between export and import");
    OVM_TRY(next.import_state(state));
    object::publish(id_, policies_.scheduler, next);
    return state.lost;
}

/// The accounts in the vcpus and the core's own list are enough.
void Core::replace(Scheduler& next)
{
    arch::At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    auto state = own_state();
    auto const taken_over = next.import_state(state);
    OVM_ENSURES(taken_over.has_value()); // by a scheduler that had these vcpus before
    object::publish(id_, policies_.scheduler, next);
}

/// The crossing is gone, with everything on its stack. What it worked for is mended or stopped.
void Core::recover(const arch::Fault& fault)
{
    auto& window = arch::core_window();
    auto const domain = std::exchange(window.domain, arch::Fault_domain::none);
    if (object::is_quiescent(window.epoch.load(std::memory_order_relaxed)))
        object::announce_crossing(window);
    // A policy's fault is not that of the job or timer that asked it: that comes again.
    timers_.discarded(domain == arch::Fault_domain::policy);
    static_cast<void>(local_.jobs.discarded(domain == arch::Fault_domain::job ? &fault : nullptr));
    switch (domain)
    {
    case arch::Fault_domain::scheduler:
        fall_back();
        events_.scheduler_failed(*this, fault);
        break;
    case arch::Fault_domain::policy:
        events_.policy_failed(*this, *window.resource, fault);
        break;
    case arch::Fault_domain::job:
        events_.job_failed(*this, fault);
        break;
    case arch::Fault_domain::guest:
        events_.vcpu_failed(*this, *window.vcpu, fault);
        break;
    case arch::Fault_domain::none:
        OVM_UNREACHABLE("such a crossing is not discarded");
    }
    window.resource = nullptr;
    window.vcpu = nullptr;
    look_at_residents();
    object::end_crossing(window);
}

/// The failed scheduler is not asked.
void Core::fall_back()
{
    auto state = own_state();
    auto& last_resort = events_.last_resort(id_);
    OVM_ASSERT(last_resort.import_state(state).has_value());
    object::publish(id_, policies_.scheduler, last_resort);
}

/// A message to one of them may have been lost with the crossing. What it asked for still stands in the vcpu.
void Core::look_at_residents()
{
    for (auto& each : residents_)
        each.ask_again(id_);
}

} // namespace ovm::processor
