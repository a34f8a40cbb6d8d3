#include "processor/core.hpp"

#include <utility>

#include "arch/processor.hpp"
#include "base/contract.hpp"

namespace ovm::processor
{

Core::Core(Core_id id, Scheduler& scheduler, arch::Virtual_core virtual_core)
    : virtual_core_(virtual_core), scheduler_(scheduler), timers_(id), id_(id)
{
}

void Core::post(Message& message)
{
    // The inbox is looked at before every entry, so this core itself needs no kick. Another one that is just going to
    // sleep or into its guest meets the kick there, since interrupts are off until then.
    if (inbox_.put(message) && arch::this_core() != id_)
        arch::kick(id_);
}

void Core::run()
{
    arch::core_window().current = this;
    for (;;)
        turn();
}

void Core::turn()
{
    timers_.run_expired();
    inbox_.receive_all(*this);
    auto const now = arch::time_stamp();
    auto const choice = scheduler_.choose(now);
    if (choice.next == nullptr)
    {
        current_ = nullptr;
        set_slice(std::nullopt);
        if (inbox_.empty())
            arch::wait_for_interrupt();
        return;
    }
    auto& vcpu = *choice.next->vcpu();
    if (&vcpu != current_)
        enter_turn(vcpu, now);
    set_slice(choice.until);
    run_vcpu(vcpu);
}

/// The way in and out of a guest: what it does here is paid by every exit.
void Core::run_vcpu(Vcpu& vcpu)
{
    auto& window = arch::core_window();
    for (;;)
    {
        if (vcpu.has_attention() && !vcpu.attend()) [[unlikely]]
            return make_blocked(vcpu);
        if (!inbox_.empty()) [[unlikely]]
            return;
        auto const& exit = vcpu.state_.run(virtual_core_);
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

/// It lives here from now on.
void Core::settle(Vcpu& vcpu)
{
    residents_.add(vcpu);
    bool const admitted = scheduler_.admit(vcpu, arch::time_stamp()).has_value();
    OVM_ASSERT(admitted);
}

void Core::unsettle(Vcpu& vcpu)
{
    scheduler_.leave(vcpu, arch::time_stamp());
    residents_.remove(vcpu);
}

void Core::make_runnable(Vcpu& vcpu)
{
    auto const now = arch::time_stamp();
    vcpu.start_waiting(now);
    residents_.set_runnable(vcpu, true);
    scheduler_.wake(vcpu, now);
}

void Core::make_blocked(Vcpu& vcpu)
{
    if (current_ == &vcpu)
        current_ = nullptr;
    residents_.set_runnable(vcpu, false);
    scheduler_.block(vcpu, arch::time_stamp());
}

void Core::set_slice(const std::optional<Ticks>& until)
{
    if (until)
        timers_.arm(slice_end_, *until);
    else if (slice_end_.armed())
        timers_.cancel(slice_end_);
}

} // namespace ovm::processor
