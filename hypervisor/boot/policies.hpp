#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "arch/fault.hpp"
#include "base/static_vector.hpp"
#include "memory/managed.hpp"
#include "object/adaptor/core_local_adaptor.hpp"
#include "object/adaptor/shared_adaptor.hpp"
#include "object/adaptor/swap.hpp"
#include "policy/frames/frame_recipes.hpp"
#include "policy/halt/halt_recipes.hpp"
#include "policy/placement/placement_recipes.hpp"
#include "policy/population/population_recipes.hpp"
#include "policy/scheduler/scheduler_recipes.hpp"
#include "processor/core.hpp"

namespace ovm::boot
{

/// Every resource that has a policy, the policies that are built in, and the swaps that are under way.
/// Concurrency: swaps and looks on core 0; start_core() by each core; scheduler_failed() on any.
/// Lifetime:    as long as the machine.
class Policies final : private object::Swap_observer
{
public:
    using Population_adaptor = object::Shared_adaptor<memory::Population>;

    Policies(memory::Frame_pool& pool, object::Storage& storage);

    /// Before the first core: everything but what belongs to a core. `cores` is how many there are at most.
    Result<> open();

    /// A core's own representatives. On that core, before its first turn.
    Result<processor::Core::Policies> start_core(Core_id core);
    /// As Core_events says.
    processor::Scheduler& last_resort(Core_id core);
    void started(processor::Core& core) { scheduler_.set_holder(core.id(), core); }

    memory::Frame_allocator& frames() { return *managed_frames_; }
    object::Ref<processor::Placement> placement() const { return placement_.reference(); }
    /// What every VM's population adaptor is made of.
    Result<> fill(Population_adaptor& adaptor, bool lazy);
    std::string_view population_name() const { return "population/"; }
    memory::Population& population_gate() { return population_gate_; }
    std::span<const std::string_view> population_losses() const { return policy::population_losses; }

    /// Resources by name. A VM's own are there as long as it is.
    Result<> add(object::Adaptor& adaptor) { return adaptors_.push_back(&adaptor); }
    void close(Population_adaptor& adaptor);
    object::Adaptor* find(std::string_view resource) const;
    std::span<object::Adaptor* const> adaptors() const { return adaptors_.items(); }
    object::Object_table& table() { return table_; }

    /// The number of a swap that nobody uses, prepared. Nothing: all are under way.
    std::optional<std::size_t> free_swap(std::string_view who, bool returned = false);
    object::Swap& swap(std::size_t number) { return swaps_[number]; }

    /// The scheduler of that core broke its contract, and its last resort runs there. The whole machine goes back to
    /// the last good policy, or to the built-in one.
    void scheduler_failed(Core_id core);

private:
    /// Brings the scheduler that is to be in charge back, as soon as the swap that is under way has ended.
    class Return_job final : public object::Job
    {
    public:
        explicit Return_job(Policies& owner) : owner_(owner) {}

    private:
        Step step() override;
        Policies& owner_;
    };

    void swap_ended(const object::Swap& swap) override;

    static constexpr std::uint32_t most_cores = arch::max_cores;

    memory::Frame_pool& pool_;
    object::Storage& storage_;
    std::uint32_t cores_ = 0;
    object::Object_table table_{};
    Static_vector<object::Adaptor*, 4 + processor::most_vms> adaptors_{};

    policy::Scheduler_factory<policy::Round_robin_recipe> round_robin_{};
    policy::Scheduler_factory<policy::Fair_recipe> fair_{};
    policy::Scheduler_factory<policy::Deadline_recipe> deadline_{};
    policy::Scheduler_factory<policy::Dedicated_recipe> dedicated_{};
    object::Core_local_adaptor<processor::Scheduler> scheduler_;
    std::array<std::optional<policy::Round_robin_scheduler>, most_cores> last_resorts_{};

    policy::Frame_factory<policy::First_touch_recipe> first_touch_;
    policy::Frame_factory<policy::Interleave_recipe> interleave_;
    policy::Frame_factory<policy::Huge_first_recipe> huge_first_;
    policy::First_touch_frames frame_gate_; ///< frames cannot wait: the built-in rule serves meanwhile
    object::Shared_adaptor<memory::Frame_allocator> frames_;
    std::optional<memory::Managed_frames> managed_frames_{};

    policy::Placement_factory<policy::Static_placement_recipe> static_;
    policy::Placement_factory<policy::Least_loaded_recipe> least_loaded_;
    policy::Placement_factory<policy::Node_local_recipe> node_local_;
    processor::Placement::Gate placement_gate_{};
    object::Shared_adaptor<processor::Placement> placement_;

    policy::Halt_factory<policy::At_once_recipe> at_once_{};
    policy::Halt_factory<policy::Adaptive_recipe> adaptive_{};
    processor::Halt::Gate halt_gate_{};
    object::Shared_adaptor<processor::Halt> halt_;

    policy::Population_factory<policy::Eager_recipe> eager_{};
    policy::Population_factory<policy::Lazy_recipe> lazy_{};
    memory::Population::Gate population_gate_{};

    std::array<object::Swap, 4> swaps_{};
    Return_job return_job_{*this};
    std::atomic<bool> faulted_in_exchange_{false};
};

} // namespace ovm::boot
