#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "object/clustered/object_table.hpp"
#include "object/clustered/reference.hpp"
#include "policy/halt/at_once.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "processor/core.hpp"

/// The policies of cores in tests, and a record of their faults.
namespace ovm::test
{

class Core_policies final : public processor::Core_events
{
public:
    explicit Core_policies(std::uint32_t cores)
        : scheduler_(table_.take(nullptr).value()),
          halt_(table_.take(static_cast<processor::Halt*>(&at_once_)).value()), schedulers_(cores)
    {
    }

    /// Round robin on that core; on it, or while it does not run.
    processor::Core::Policies start(std::uint32_t core)
    {
        schedulers_[core] = std::make_unique<policy::Round_robin_scheduler>(round_robin());
        object::publish(Core_id(core), scheduler_, static_cast<processor::Scheduler&>(*schedulers_[core]));
        return {.scheduler = scheduler_, .halt = halt_};
    }
    object::Ref<processor::Scheduler> scheduler() const { return scheduler_; }
    object::Ref<processor::Halt> halt() const { return halt_; }

    processor::Scheduler& last_resort(Core_id core) override
    {
        return last_resorts_[core.value()].emplace(round_robin());
    }
    void scheduler_failed(processor::Core&, const arch::Fault& fault) override
    {
        scheduler_faults.emplace_back(fault.what);
    }
    void vcpu_failed(processor::Core&, processor::Vcpu& vcpu, const arch::Fault& fault) override
    {
        vcpu_faults.emplace_back(fault.what);
        vcpu.stop();
    }

    std::vector<std::string> scheduler_faults{};
    std::vector<std::string> vcpu_faults{};

private:
    static policy::Round_robin_scheduler::Parameters round_robin() { return {.slice = Ticks(10'000'000)}; }

    object::Object_table table_{};
    policy::At_once_halt at_once_{};
    object::Ref<processor::Scheduler> scheduler_;
    object::Ref<processor::Halt> halt_;
    std::vector<std::unique_ptr<policy::Round_robin_scheduler>> schedulers_;
    std::array<std::optional<policy::Round_robin_scheduler>, arch::max_cores> last_resorts_{};
};

} // namespace ovm::test
