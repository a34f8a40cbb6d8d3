#pragma once

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <vector>

#include "memory/managed.hpp"
#include "object/adaptor/core_local_adaptor.hpp"
#include "object/adaptor/return.hpp"
#include "object/adaptor/shared_adaptor.hpp"
#include "object/collector/managed_collection.hpp"
#include "object/test_factory.hpp"
#include "object/test_heaps.hpp"
#include "policy/collection/idle_time.hpp"
#include "policy/failing_schedulers.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/frames/huge_first.hpp"
#include "policy/halt/adaptive.hpp"
#include "policy/halt/at_once.hpp"
#include "policy/placement/least_loaded.hpp"
#include "policy/placement/static_placement.hpp"
#include "policy/population/eager.hpp"
#include "policy/population/lazy.hpp"
#include "policy/scheduler/fair_scheduler.hpp"
#include "processor/core.hpp"

namespace ovm::test
{

/// A fault that OVM survived, and whose it was.
struct Seen_fault
{
    arch::Fault_domain domain;
    std::string resource; ///< of a policy
    std::string what;
};

/// Every family's adaptor over built-in policies and those that a test adds, wired as on the machine: faults lead to
/// the stand-in or last resort at once, and to Return.
/// Concurrency: the faults' lock; the rest as the adaptors say.
class Managed_policies final : public processor::Core_events,
                               private object::Return_owner,
                               private object::State_source<processor::Placement>,
                               private object::State_source<memory::Population>
{
public:
    static constexpr Ticks slice{1'000'000};

    Managed_policies(std::uint32_t cores, memory::Frame_pool& pool)
        : heaps_(cores), pool_(pool),
          first_touch_(factory<memory::Frame_policy, policy::First_touch_frames>("first-touch")),
          huge_first_(factory<memory::Frame_policy, policy::Huge_first_frames>("huge-first")),
          static_(factory_of<processor::Placement, policy::Static_placement>("static", cores,
                                                                             policy::Static_placement::Parameters{})),
          least_loaded_(factory_of<processor::Placement, policy::Least_loaded_placement>(
              "least-loaded", cores, policy::Least_loaded_placement::Parameters{})),
          frame_gate_(pool)
    {
        open(scheduler, round_robin_, fair_);
        open(frames_, first_touch_, huge_first_);
        open(placement, static_, least_loaded_);
        open(halt, at_once_, adaptive_);
        open(population_, lazy_, eager_);
        open(collection, paced_, idle_time_);
        managed_collection_.emplace(collection.policy_reference());
        for (std::uint32_t core = 0; core < cores; ++core)
            heaps_[core].use(*managed_collection_);
        heaps_.open();
        managed_frames_.emplace(pool, frames_.policy_reference());
        managed_population_.emplace(population_.policy_reference());
    }

    processor::Core::Policies start(std::uint32_t core)
    {
        OVM_ASSERT(scheduler.add_core(Core_id(core)).has_value());
        return {.scheduler = scheduler.reference(), .halt = halt.policy_reference()};
    }
    void started(processor::Core& core) { scheduler.set_holder(core.id(), core); }
    memory::Frame_allocator& frames() { return *managed_frames_; }
    memory::Population& population() { return *managed_population_; }

    object::Adaptor& adaptor(std::string_view resource)
    {
        auto const found = std::ranges::find_if(all_, [&](auto* each) { return each->resource() == resource; });
        OVM_ASSERT(found != all_.end());
        return **found;
    }
    /// Begins to bring that policy in; on core 0.
    void begin_swap(std::string_view resource, std::string_view policy)
    {
        auto& of = adaptor(resource);
        auto const index = of.find(policy).value();
        swap.prepare("test");
        OVM_ASSERT(swap.add({&of, index, object::Parameters(of.description(index))}).has_value());
        swap.begin(Core_id(0), nullptr);
    }
    /// No policy that failed waits for another.
    bool has_returned()
    {
        return std::ranges::all_of(all_,
                                   [](auto* each)
                                   {
                                       if (each->wish() != object::Adaptor::Wish::none || !each->claim())
                                           return false;
                                       each->disclaim();
                                       return true;
                                   });
    }
    object::Collector& collector() { return heaps_.collector; }
    object::Adaptor_list& roots() { return heaps_.roots; }
    object::Object_table& table() { return table_; }
    /// Policies that are there. While no core is in a crossing.
    std::uint64_t policies_left() { return heaps_.collect(); }
    std::vector<Seen_fault> faults()
    {
        std::lock_guard const guard(mutex_);
        return faults_;
    }
    /// What placements may not forget: where each vcpu lives.
    processor::Placement_state homes{};
    memory::Population_state progress{};

    // Core_events.
    processor::Scheduler& last_resort(Core_id core) override
    {
        return last_resorts_[core.value()].emplace(policy::Round_robin_scheduler::Parameters{.slice = slice});
    }
    void scheduler_failed(processor::Core& core, const arch::Fault& fault) override
    {
        policy_failed(core, scheduler, fault);
    }
    void policy_failed(processor::Core& core, object::Adaptor& resource, const arch::Fault& fault) override
    {
        see({arch::Fault_domain::policy, std::string(resource.resource()), std::string(fault.what)});
        return_.want(resource, resource.faulted(core.id()));
    }
    void vcpu_failed(processor::Core&, processor::Vcpu& vcpu, const arch::Fault& fault) override
    {
        see({arch::Fault_domain::guest, "VM " + std::to_string(vcpu.vm().value()), std::string(fault.what)});
        vcpu.stop();
    }
    void job_failed(processor::Core&, const arch::Fault& fault) override
    {
        see({arch::Fault_domain::job, {}, std::string(fault.what)});
    }

private:
    // Before the adaptors, which end before them.
    Test_heaps heaps_;
    object::Quota quota_{Bytes(4 << 20)};
    memory::Frame_pool& pool_;
    object::Object_table table_{};

    template <typename Family, typename T>
    Test_factory<Family> factory(std::string_view name)
    {
        return {name, [this](object::Quota& quota)
                { return object::make_policy<Family, T>(quota, pool_, typename T::Parameters{}); }};
    }
    template <typename Adaptor, typename... Factories>
    void open(Adaptor& adaptor, Factories&... factories)
    {
        OVM_ASSERT(heaps_.roots.add(adaptor).has_value());
        OVM_ASSERT((adaptor.add(factories).has_value() && ...));
        OVM_ASSERT(adaptor.open(table_, 0, object::Parameters(adaptor.description(0)), Ticks(0)).has_value());
    }
    void see(Seen_fault fault)
    {
        std::lock_guard const guard(mutex_);
        faults_.push_back(std::move(fault));
    }
    std::span<object::Adaptor* const> adaptors() const override { return all_; }
    void returned(const object::Adaptor&, bool) override {}
    void rebuild(processor::Placement_state& state) override { state = homes; }
    void rebuild(memory::Population_state& state) override { state = progress; }

    Test_factory<processor::Scheduler> round_robin_ = factory_of<processor::Scheduler, policy::Round_robin_scheduler>(
        "round-robin", policy::Round_robin_scheduler::Parameters{.slice = slice});
    Test_factory<processor::Scheduler> fair_ = factory_of<processor::Scheduler, policy::Fair_scheduler>(
        "fair", policy::Fair_scheduler::Parameters{.slice = slice});
    Test_factory<memory::Frame_policy> first_touch_;
    Test_factory<memory::Frame_policy> huge_first_;
    Test_factory<processor::Placement> static_;
    Test_factory<processor::Placement> least_loaded_;
    Test_factory<processor::Halt> at_once_ = factory_of<processor::Halt, policy::At_once_halt>("at-once");
    Test_factory<processor::Halt> adaptive_ =
        factory_of<processor::Halt, policy::Adaptive_halt>("adaptive", policy::Adaptive_halt::Parameters{});
    Test_factory<memory::Population> lazy_ = factory_of<memory::Population, policy::Lazy_population>("lazy");
    Test_factory<memory::Population> eager_ = factory_of<memory::Population, policy::Eager_population>("eager");

    Test_factory<object::Collection_policy> paced_ = factory_of<object::Collection_policy, policy::Paced_collection>(
        "paced", policy::Paced_collection::Parameters{});
    Test_factory<object::Collection_policy> idle_time_ =
        factory_of<object::Collection_policy, policy::Idle_time_collection>("idle-time",
                                                                            policy::Idle_time_collection::Parameters{});

    policy::First_touch_frames frame_gate_;
    policy::Paced_collection collection_gate_{};
    object::No_state<object::Collection_policy> nothing_owed_{};
    object::Gate<processor::Placement> placement_gate_{};
    object::Gate<processor::Halt> halt_gate_{};
    object::Gate<memory::Population> population_gate_{};
    object::No_state<memory::Frame_policy> no_turns_{};
    object::No_state<processor::Halt> no_windows_{};

public:
    object::Core_local_adaptor<processor::Scheduler> scheduler{"scheduler", {}, quota_};
    object::Shared_adaptor<processor::Placement> placement{"placement", {}, quota_, placement_gate_, *this};
    object::Shared_adaptor<processor::Halt> halt{"halt", {}, quota_, halt_gate_, no_windows_};
    object::Quota collection_quota{Bytes(128 << 10)};
    object::Shared_adaptor<object::Collection_policy> collection{
        "collection", {}, collection_quota, collection_gate_, nothing_owed_};
    object::Shared_adaptor<memory::Frame_policy>& frames_adaptor() { return frames_; }
    object::Shared_adaptor<memory::Population>& population_adaptor() { return population_; }
    object::Swap swap{};

private:
    object::Shared_adaptor<memory::Frame_policy> frames_{"frames", {}, quota_, frame_gate_, no_turns_};
    object::Shared_adaptor<memory::Population> population_{"population", {}, quota_, population_gate_, *this};
    std::array<object::Adaptor*, 6> all_{&scheduler, &frames_, &placement, &halt, &population_, &collection};
    object::Return return_{*this, Core_id(0)};
    std::optional<memory::Managed_frames> managed_frames_{};
    std::optional<memory::Managed_population> managed_population_{};
    std::optional<object::Managed_collection> managed_collection_{};
    std::array<std::optional<policy::Round_robin_scheduler>, arch::max_cores> last_resorts_{};
    std::mutex mutex_{};
    std::vector<Seen_fault> faults_{};
};

} // namespace ovm::test
