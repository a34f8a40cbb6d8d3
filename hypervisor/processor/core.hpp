#pragma once

#include <optional>

#include "arch/core_window.hpp"
#include "arch/crossing.hpp"
#include "arch/vcpu.hpp"
#include "base/strong.hpp"
#include "object/adaptor/core_local_adaptor.hpp"
#include "object/clustered/reference.hpp"
#include "object/local_space.hpp"
#include "processor/halt.hpp"
#include "processor/residents.hpp"
#include "processor/scheduler.hpp"
#include "processor/timer_queue.hpp"
#include "processor/vcpu.hpp"

namespace ovm::processor
{

class Core;

/// Who follows the faults of cores.
class Core_events
{
public:
    /// A scheduler for that core that knows nothing yet and never fails. Valid until the next call for it.
    virtual Scheduler& last_resort(Core_id core) = 0;
    /// Its scheduler's crossing was discarded; the core goes on with its last resort. On that core, in a crossing.
    virtual void scheduler_failed(Core& core, const arch::Fault& fault) = 0;
    /// A crossing that worked for this vcpu was discarded; it does not run on.
    virtual void vcpu_failed(Core& core, Vcpu& vcpu, const arch::Fault& fault) = 0;

protected:
    ~Core_events() = default;
};

/// One core of the machine: runs the vcpus whose home it is, fires its timers, answers other cores' messages, works on
/// its jobs, sleeps.
/// Invariant:   current_ is the vcpu that runs or ran last in this turn, none while idle; residents_ knows who lives
///              here and who is runnable, whatever the scheduler believes.
/// Concurrency: its own, but for id().
/// Lifetime:    as long as the machine.
class Core final : public object::Policy_holder<Scheduler>, private arch::Crossing_body
{
public:
    struct Policies
    {
        object::Ref<Scheduler> scheduler{}; ///< leads this core to its representative
        object::Ref<Halt> halt{};
    };

    Core(Core_id id, const Policies& policies, Core_events& events, arch::Virtual_core virtual_core);

    Core_id id() const { return id_; }
    Timer_queue& timers() { return timers_; }
    Vcpu* current() const { return current_; }
    const Residents& residents() const { return residents_; }

    [[noreturn]] void run();
    /// One turn: what arrived, then a slice of a job, or one vcpu until it is left for an interrupt or blocks, or
    /// sleep. A turn that is discarded is mended here.
    void turn();

    /// On this core, outside of the scheduler.
    Result<std::uint32_t> exchange(Scheduler& next) override;

private:
    friend class Vcpu;

    /// Ends a slice: the interrupt alone makes the core choose again.
    class Slice_end final : public Timer
    {
    public:
        void fired(Ticks) override {}
    };

    void cross() override;
    void recover(const arch::Fault& fault);
    void fall_back();
    Scheduler::Choice choose(Ticks now);
    bool work_on_jobs(Ticks now);
    void rest();
    void run_vcpu(Vcpu& vcpu);
    void enter_turn(Vcpu& vcpu, Ticks now);
    Result<> admit(Vcpu& vcpu);
    void dismiss(Vcpu& vcpu);
    void make_runnable(Vcpu& vcpu);
    void make_blocked(Vcpu& vcpu);
    void look_for_wake_up(Vcpu& vcpu, Ticks now);
    void found_wake_up(Vcpu& vcpu, Ticks now);
    void set_slice(std::optional<Ticks> until);

    arch::Virtual_core virtual_core_;
    Vcpu* current_ = nullptr;
    object::Local_space local_;
    Policies policies_;
    Core_events& events_;
    Residents residents_{};
    Timer_queue timers_;
    Slice_end slice_end_{};
    Ticks next_job_slice_{};
    Ticks look_until_{}; ///< before that an idle core does not sleep
    Core_id id_;
};

} // namespace ovm::processor
