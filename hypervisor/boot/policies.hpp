#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/static_vector.hpp"
#include "boot/provoked_policies.hpp"
#include "memory/managed.hpp"
#include "object/adaptor/adaptor_list.hpp"
#include "object/adaptor/core_local_adaptor.hpp"
#include "object/adaptor/return.hpp"
#include "object/adaptor/shared_adaptor.hpp"
#include "object/adaptor/swap.hpp"
#include "object/collector/managed_collection.hpp"
#include "policy/collection/collection_recipes.hpp"
#include "policy/frames/frame_recipes.hpp"
#include "policy/halt/halt_recipes.hpp"
#include "policy/placement/placement_recipes.hpp"
#include "policy/population/population_recipes.hpp"
#include "policy/scheduler/scheduler_recipes.hpp"
#include "processor/core.hpp"

namespace ovm::boot
{

/// Every resource that has a policy, the policies that are built in, and the swaps that are under way.
/// Concurrency: swaps and looks on core 0; start_core() by each core; failed() on any.
/// Lifetime:    as long as the machine.
class Policies final : private object::Return_owner
{
public:
    using Population_adaptor = object::Shared_adaptor<memory::Population>;

    /// `homes` knows where each vcpu lives, without the placement.
    Policies(memory::Frame_pool& pool, object::State_source<processor::Placement>& homes);

    /// Before the first core, which has its heap: everything but what belongs to a core.
    Result<> open();

    /// Those that fail on purpose (provoked_policies.hpp) can be swapped in, too.
    Result<> add_provoked();

    /// A core's own representatives. On that core, before its first turn.
    Result<processor::Core::Policies> start_core(Core_id core);
    /// As Core_events says.
    processor::Scheduler& last_resort(Core_id core);
    void started(processor::Core& core) { scheduler_.set_holder(core.id(), core); }

    memory::Frame_allocator& frames() { return *managed_frames_; }
    /// Before open() the built-in rule.
    const object::Collection_policy& collection() const
    {
        return managed_collection_ ? static_cast<const object::Collection_policy&>(*managed_collection_)
                                   : collection_gate_;
    }
    object::Policy_reference<processor::Placement> placement() { return placement_.policy_reference(); }
    /// What every VM's population adaptor is made of; it is added to the resources.
    Result<> fill(Population_adaptor& adaptor, bool lazy);
    std::string_view population_name() const { return "population/"; }
    memory::Population& population_gate() { return population_gate_; }

    /// Resources by name. A VM's own are there as long as it is.
    void close(Population_adaptor& adaptor);
    object::Adaptor* find(std::string_view resource) const { return adaptors_.find(resource); }
    /// Of core 0's heap.
    object::Root_source& roots() { return adaptors_; }
    std::span<object::Adaptor* const> adaptors() const override { return adaptors_.items(); }
    object::Object_table& table() { return table_; }

    /// The number of a swap that nobody uses, prepared. Nothing: all are under way.
    std::optional<std::size_t> free_swap(std::string_view who);
    object::Swap& swap(std::size_t number) { return swaps_[number]; }

    /// A policy of that resource failed on that core (object::Adaptor::faulted). The whole machine gets another one.
    /// Answers whose module's it was, if any's.
    std::string_view failed(object::Adaptor& resource, Core_id core, const arch::Fault& fault)
    {
        auto const failed = resource.faulted(core);
        auto const module = resource.quarantine(failed, fault.at);
        return_.want(resource, failed);
        return module;
    }
    object::Adaptor& scheduler() { return scheduler_; }

private:
    /// Nobody knows what windows the accounts hold: they may be longer than the next policy allows.
    class Unknown_windows final : public object::State_source<processor::Halt>
    {
    public:
        void rebuild(processor::Halt_state& state) override { state.longest = Ticks(~std::uint64_t{0}); }
    };

    void returned(const object::Adaptor& adaptor, bool done) override;

    static constexpr std::uint32_t most_cores = arch::max_cores;

    /// Enough for each core's scheduler many times over (docs/decisions/0012-pacing-the-collector.md).
    static constexpr Bytes machine_quota{32 << 20};

    memory::Frame_pool& pool_;
    std::uint32_t cores_ = 0;
    object::Object_table table_{};
    object::Adaptor_list adaptors_{};
    static_assert(object::Adaptor_list::capacity >= 5 + processor::most_vms);
    object::Quota quota_{machine_quota}; ///< of what is no VM's

    policy::Scheduler_factory<policy::Round_robin_recipe> round_robin_{};
    policy::Scheduler_factory<policy::Fair_recipe> fair_{};
    policy::Scheduler_factory<policy::Deadline_recipe> deadline_{};
    policy::Scheduler_factory<policy::Dedicated_recipe> dedicated_{};
    object::Core_local_adaptor<processor::Scheduler> scheduler_;
    std::array<std::optional<policy::Round_robin_scheduler>, most_cores> last_resorts_{};

    policy::Frame_factory<policy::First_touch_recipe> first_touch_;
    policy::Frame_factory<policy::Interleave_recipe> interleave_;
    policy::Frame_factory<policy::Huge_first_recipe> huge_first_;
    policy::First_touch_frames frame_gate_;             ///< frames cannot wait: the built-in rule serves meanwhile
    object::No_state<memory::Frame_policy> no_turns_{}; ///< what the frames are, the pool knows
    object::Shared_adaptor<memory::Frame_policy> frames_;
    std::optional<memory::Managed_frames> managed_frames_{};

    policy::Placement_factory<policy::Static_placement_recipe> static_;
    policy::Placement_factory<policy::Least_loaded_recipe> least_loaded_;
    policy::Placement_factory<policy::Node_local_recipe> node_local_;
    object::Gate<processor::Placement> placement_gate_{};
    object::Shared_adaptor<processor::Placement> placement_;

    policy::Halt_factory<policy::At_once_recipe> at_once_{};
    policy::Halt_factory<policy::Adaptive_recipe> adaptive_{};
    object::Gate<processor::Halt> halt_gate_{};
    Unknown_windows unknown_windows_{};
    object::Shared_adaptor<processor::Halt> halt_;

    policy::Collection_factory<policy::Paced_recipe> paced_{};
    policy::Collection_factory<policy::Idle_time_recipe> idle_time_{};
    policy::Paced_collection collection_gate_{}; ///< collections cannot wait: the built-in rule serves meanwhile
    object::No_state<object::Collection_policy> nothing_owed_{}; ///< what is, the heaps know
    object::Shared_adaptor<object::Collection_policy> collection_;
    std::optional<object::Managed_collection> managed_collection_{};

    policy::Population_factory<policy::Eager_recipe> eager_{};
    policy::Population_factory<policy::Lazy_recipe> lazy_{};
    object::Gate<memory::Population> population_gate_{};

    policy::Scheduler_factory<Provoked_recipe<Provoked_scheduler>> provoked_scheduler_{};
    policy::Frame_factory<Provoked_recipe<Provoked_frames>> provoked_frames_;
    policy::Halt_factory<Provoked_recipe<Provoked_halt>> provoked_halt_{};

    std::array<object::Swap, 4> swaps_{};
    object::Return return_{*this, Core_id{0}};
};

} // namespace ovm::boot
