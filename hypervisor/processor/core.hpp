#pragma once

#include <optional>

#include "arch/core_window.hpp"
#include "arch/vcpu.hpp"
#include "base/strong.hpp"
#include "processor/message.hpp"
#include "processor/residents.hpp"
#include "processor/scheduler.hpp"
#include "processor/timer_queue.hpp"
#include "processor/vcpu.hpp"

namespace ovm::processor
{

/// One core of the machine: runs the vcpus whose home it is, fires its timers, answers other cores' messages, sleeps.
/// Invariant:   current_ is the vcpu that runs or ran last in this turn, none while idle.
/// Concurrency: post() from any core; the rest on its own.
/// Lifetime:    as long as the machine.
class Core
{
public:
    Core(Core_id id, Scheduler& scheduler, arch::Virtual_core virtual_core);

    Core_id id() const { return id_; }
    Timer_queue& timers() { return timers_; }
    Vcpu* current() const { return current_; }

    /// The message is received on this core soon.
    void post(Message& message);

    [[noreturn]] void run();
    /// One turn: what arrived, then one vcpu until it is left for an interrupt or blocks, or sleep.
    void turn();

private:
    friend class Vcpu;

    /// Ends a slice: the interrupt alone makes the core choose again.
    class Slice_end final : public Timer
    {
    public:
        void fired(Ticks) override {}
    };

    void run_vcpu(Vcpu& vcpu);
    void enter_turn(Vcpu& vcpu, Ticks now);
    void settle(Vcpu& vcpu);
    void unsettle(Vcpu& vcpu);
    void make_runnable(Vcpu& vcpu);
    void make_blocked(Vcpu& vcpu);
    void set_slice(const std::optional<Ticks>& until);

    arch::Virtual_core virtual_core_;
    Vcpu* current_ = nullptr;
    Inbox inbox_{};
    Residents residents_{};
    Scheduler& scheduler_;
    Timer_queue timers_;
    Slice_end slice_end_{};
    Core_id id_;
};

} // namespace ovm::processor
