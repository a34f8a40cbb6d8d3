#include "processor/core.hpp"

#include <algorithm>
#include <utility>

#include "arch/processor.hpp"
#include "object/clustered/epoch.hpp"

namespace ovm::processor
{

namespace
{

/// What guests get between two slices of a job.
constexpr Nanoseconds job_pause{100'000};

/// Names the object at hand for as long as its code runs, so that a fault costs that and no more.
class At_hand
{
public:
    At_hand(arch::Core_window& window, arch::Fault_domain domain)
        : window_(window), before_(std::exchange(window.domain, domain))
    {
    }
    ~At_hand() { window_.domain = before_; }
    At_hand(const At_hand&) = delete;
    At_hand& operator=(const At_hand&) = delete;

private:
    arch::Core_window& window_;
    arch::Fault_domain before_;
};

} // namespace

Core::Core(Core_id id, const Policies& policies, Core_events& events, arch::Virtual_core virtual_core)
    : virtual_core_(virtual_core), local_(id), policies_(policies), events_(events), timers_(id), id_(id)
{
}

void Core::run()
{
    arch::core_window().current = this;
    for (;;)
        turn();
}

void Core::turn()
{
    if (auto const* const fault = arch::run_crossing(*this))
        recover(*fault);
}

void Core::cross()
{
    auto& window = arch::core_window();
    object::announce_crossing(window);
    timers_.run_expired();
    local_.inbox.receive_all();
    auto const now = arch::time_stamp();
    if (!work_on_jobs(now))
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

Scheduler::Choice Core::choose(Ticks now)
{
    At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    auto const choice = policies_.scheduler->choose(now);
    // What a policy says is believed only as far as the core knows better.
    OVM_ENSURES(choice.next == nullptr ? residents_.runnable() == 0 : choice.next->runnable());
    return choice;
}

/// A slice, when its time has come: the rest of the turn waits for the next one.
bool Core::work_on_jobs(Ticks now)
{
    if (local_.jobs.empty() || (now < next_job_slice_ && residents_.runnable() != 0))
        return false;
    bool const at_once = local_.jobs.run_one();
    next_job_slice_ = arch::time_stamp() + (at_once ? Ticks(0) : arch::to_ticks(job_pause));
    return true;
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
    At_hand const guest(window, arch::Fault_domain::guest);
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

// The core's own list is right before the scheduler is told: if that fails, another one is made from the list, and what
// is left to do is done again.

Result<> Core::admit(Vcpu& vcpu)
{
    if (vcpu.resident())
        return {};
    residents_.add(vcpu);
    At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    auto const admitted = policies_.scheduler->admit(vcpu, arch::time_stamp());
    if (!admitted)
        residents_.remove(vcpu);
    return admitted;
}

void Core::dismiss(Vcpu& vcpu)
{
    if (vcpu.runnable())
        make_blocked(vcpu);
    if (!vcpu.resident())
        return;
    residents_.remove(vcpu);
    At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    policies_.scheduler->leave(vcpu, arch::time_stamp());
}

void Core::make_runnable(Vcpu& vcpu)
{
    auto const now = arch::time_stamp();
    found_wake_up(vcpu, now);
    vcpu.start_waiting(now);
    residents_.set_runnable(vcpu, true);
    At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    policies_.scheduler->wake(vcpu, now);
}

void Core::make_blocked(Vcpu& vcpu)
{
    if (current_ == &vcpu)
        current_ = nullptr;
    residents_.set_runnable(vcpu, false);
    auto const now = arch::time_stamp();
    if (vcpu.run_state() == Run_state::halted)
        look_for_wake_up(vcpu, now);
    At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    policies_.scheduler->block(vcpu, now);
}

/// A policy that is being replaced answers nothing, which is to sleep at once.
void Core::look_for_wake_up(Vcpu& vcpu, Ticks now)
{
    vcpu.halted_at_ = now;
    if (auto const window = policies_.halt->poll(vcpu.identity(), vcpu.halt_account_, now))
        look_until_ = std::max(look_until_, now + *window);
}

void Core::found_wake_up(Vcpu& vcpu, Ticks now)
{
    auto const halted_at = std::exchange(vcpu.halted_at_, Ticks(0));
    if (halted_at == Ticks(0))
        return;
    // Who is told nothing while the policy is replaced misses one of many.
    static_cast<void>(policies_.halt->woke(vcpu.identity(), vcpu.halt_account_, now - halted_at, now < look_until_));
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

/// swap.pml, exchange: this core is between two uses of its scheduler, as it is receiving a message.
Result<std::uint32_t> Core::exchange(Scheduler& next)
{
    At_hand const scheduler(arch::core_window(), arch::Fault_domain::scheduler);
    bool const runs = current_ != nullptr && current_->runnable();
    Scheduler_state state{.vcpus = residents_, .now = arch::time_stamp(), .current = runs ? current_ : nullptr};
    OVM_TRY(policies_.scheduler->export_state(state));
    OVM_TRY(next.import_state(state));
    object::publish(id_, policies_.scheduler, next);
    return state.lost;
}

/// The crossing is gone, with everything on its stack. What it worked for is mended or stopped.
void Core::recover(const arch::Fault& fault)
{
    auto& window = arch::core_window();
    auto const domain = std::exchange(window.domain, arch::Fault_domain::none);
    if (object::is_quiescent(window.epoch.load(std::memory_order_relaxed)))
        object::announce_crossing(window);
    if (domain == arch::Fault_domain::scheduler)
    {
        fall_back();
        events_.scheduler_failed(*this, fault);
    }
    else if (current_ != nullptr)
        events_.vcpu_failed(*this, *current_, fault);
    object::end_crossing(window);
}

/// The failed scheduler is not asked: the accounts in the vcpus and the core's own list are enough.
void Core::fall_back()
{
    bool const runs = current_ != nullptr && current_->runnable();
    Scheduler_state state{.vcpus = residents_, .now = arch::time_stamp(), .current = runs ? current_ : nullptr};
    auto& last_resort = events_.last_resort(id_);
    OVM_ASSERT(last_resort.import_state(state).has_value());
    object::publish(id_, policies_.scheduler, last_resort);
    for (auto& each : residents_)
    {
        if (each.vcpu()->has_attention())
            object::post(id_, *each.vcpu());
    }
}

} // namespace ovm::processor
