#pragma once

#include <optional>

#include "arch/core_window.hpp"
#include "arch/crossing.hpp"
#include "arch/vcpu.hpp"
#include "base/strong.hpp"
#include "object/adaptor/core_local_adaptor.hpp"
#include "object/adaptor/policy_reference.hpp"
#include "object/clustered/reference.hpp"
#include "object/collector/collection_job.hpp"
#include "object/local_space.hpp"
#include "processor/halt.hpp"
#include "processor/load_meter.hpp"
#include "processor/residents.hpp"
#include "processor/scheduler.hpp"
#include "processor/timer_queue.hpp"
#include "processor/vcpu.hpp"
#include "processor/watchdog.hpp"

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
    /// A crossing that asked the policy of a shared resource was discarded; what it worked for is tried again.
    virtual void policy_failed(Core& core, object::Adaptor& resource, const arch::Fault& fault) = 0;
    /// A crossing that worked for this vcpu was discarded; it does not run on.
    virtual void vcpu_failed(Core& core, Vcpu& vcpu, const arch::Fault& fault) = 0;
    /// A slice of a job was discarded; the job is told (object::Job::faulted).
    virtual void job_failed(Core& core, const arch::Fault& fault) = 0;

protected:
    ~Core_events() = default;
};

/// One core of the machine: runs the vcpus whose home it is, fires its timers, answers other cores' messages, works on
/// its jobs and its part in collections, sleeps.
/// Invariant:   current_ is the vcpu that runs or ran last in this turn, none while idle; residents_ knows who lives
///              here and who is runnable, whatever the scheduler believes.
/// Concurrency: its own, but for id(), load() and timers().
/// Lifetime:    as long as the machine.
class Core final : public object::Policy_holder<Scheduler>, private arch::Crossing_body
{
public:
    struct Policies
    {
        object::Ref<Scheduler> scheduler{}; ///< leads this core to its representative
        object::Policy_reference<Halt> halt;
    };

    /// Requires that the core has its heap of collected objects.
    Core(Core_id id, const Policies& policies, Core_events& events, arch::Virtual_core virtual_core);

    Core_id id() const { return id_; }
    Timer_queue& timers() { return timers_; }
    Vcpu* current() const { return current_; }
    const Residents& residents() const { return residents_; }
    Load_meter::Reading load(Ticks now) const { return load_.read(now); }

    [[noreturn]] void run();
    /// One turn: what arrived, then a slice of a job, or one vcpu until it is left for an interrupt or blocks, or
    /// sleep. A turn that is discarded is mended here.
    void turn();

    /// On this core, outside of the scheduler.
    Result<std::uint32_t> exchange(Scheduler& next) override;
    void replace(Scheduler& next) override;

private:
    friend class Migration;
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
    Scheduler_state own_state() const;
    void look_at_residents();
    Scheduler::Choice choose(Ticks now);
    bool can_run(Schedulable& named) const;
    void work_on_jobs();
    void rest();
    void run_vcpu(Vcpu& vcpu);
    void enter_turn(Vcpu& vcpu, Ticks now);
    Result<> admit(Schedulable& vcpu);
    void dismiss(Vcpu& vcpu);
    void give_up(Schedulable& vcpu);
    void take_in(Vcpu& vcpu, Schedulable& room);
    void make_runnable(Vcpu& vcpu);
    void line_up(Vcpu& vcpu, Ticks now);
    void make_blocked(Vcpu& vcpu);
    void note_load(Ticks now) { load_.change(residents_.count(), residents_.runnable(), now); }
    void look_for_wake_up(Vcpu& vcpu, Ticks now);
    void found_wake_up(Vcpu& vcpu, Ticks now);
    void set_slice(std::optional<Ticks> until);

    arch::Virtual_core virtual_core_;
    Vcpu* current_ = nullptr;
    object::Local_space local_;
    object::Collection_job collection_;
    Policies policies_;
    Core_events& events_;
    Residents residents_{};
    Load_meter load_{};
    Timer_queue timers_;
    Slice_end slice_end_{};
    Watchdog watchdog_{};
    Ticks next_job_slice_{};
    bool slice_is_due_ = false; ///< the next crossing is a job's
    Ticks look_until_{};        ///< before that an idle core does not sleep
    Core_id id_;
};

} // namespace ovm::processor
