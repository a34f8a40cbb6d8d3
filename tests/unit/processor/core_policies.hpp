#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memory/frame_pool.hpp"
#include "object/adaptor/shared_adaptor.hpp"
#include "object/clustered/object_table.hpp"
#include "object/clustered/reference.hpp"
#include "object/test_factory.hpp"
#include "object/test_heaps.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/halt/at_once.hpp"
#include "policy/population/lazy.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "processor/core.hpp"

/// The policies of cores in tests, and a record of their faults.
namespace ovm::test
{

class Core_policies final : public processor::Core_events
{
public:
    Core_policies(std::uint32_t cores, memory::Frame_pool& pool)
        : heaps_(cores), frames_(pool), scheduler_(table_.take(nullptr).value()), schedulers_(cores)
    {
        OVM_ASSERT(halt_.add(at_once_).has_value());
        OVM_ASSERT(halt_.open(table_, 0, object::Parameters(at_once_.description()), Ticks(0)).has_value());
        heaps_.settle();
    }
    memory::Frame_allocator& frames() { return frames_; }
    memory::Population& population() { return lazy_; }
    void started(processor::Core&) {}

    /// Round robin on that core; on it, or while it does not run.
    processor::Core::Policies start(std::uint32_t core)
    {
        schedulers_[core] = std::make_unique<policy::Round_robin_scheduler>(round_robin());
        object::publish(Core_id(core), scheduler_, static_cast<processor::Scheduler&>(*schedulers_[core]));
        return {.scheduler = scheduler_, .halt = halt_.policy_reference()};
    }
    object::Ref<processor::Scheduler> scheduler() const { return scheduler_; }
    object::Ref<processor::Halt> halt() const { return halt_.reference(); }

    processor::Scheduler& last_resort(Core_id core) override
    {
        return last_resorts_[core.value()].emplace(round_robin());
    }
    void scheduler_failed(processor::Core&, const arch::Fault& fault) override
    {
        scheduler_faults.emplace_back(fault.what);
    }
    void policy_failed(processor::Core&, object::Adaptor& resource, const arch::Fault& fault) override
    {
        static_cast<void>(resource.faulted(arch::this_core()));
        policy_faults.emplace_back(fault.what);
    }
    void job_failed(processor::Core&, const arch::Fault& fault) override { job_faults.emplace_back(fault.what); }
    void vcpu_failed(processor::Core&, processor::Vcpu& vcpu, const arch::Fault& fault) override
    {
        vcpu_faults.emplace_back(fault.what);
        vcpu.stop();
    }

    std::vector<std::string> scheduler_faults{};
    std::vector<std::string> vcpu_faults{};
    std::vector<std::string> policy_faults{};
    std::vector<std::string> job_faults{};

private:
    static policy::Round_robin_scheduler::Parameters round_robin() { return {.slice = Ticks(10'000'000)}; }

    Test_heaps heaps_;
    object::Quota quota_{Bytes(1 << 20)};
    policy::First_touch_allocator frames_;
    policy::Lazy_population lazy_;
    object::Object_table table_{};
    Test_factory<processor::Halt> at_once_ = factory_of<processor::Halt, policy::At_once_halt>("at-once");
    object::Gate<processor::Halt> halt_gate_{};
    object::No_state<processor::Halt> no_state_{};
    object::Shared_adaptor<processor::Halt> halt_{"halt", {}, quota_, halt_gate_, no_state_};
    object::Ref<processor::Scheduler> scheduler_;
    std::vector<std::unique_ptr<policy::Round_robin_scheduler>> schedulers_;
    std::array<std::optional<policy::Round_robin_scheduler>, arch::max_cores> last_resorts_{};
};

} // namespace ovm::test
