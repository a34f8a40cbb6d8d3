#include "boot/policies.hpp"

#include "arch/crossing.hpp"
#include "arch/processor.hpp"
#include "interface/console/log.hpp"

namespace ovm::boot
{

namespace
{

constexpr std::array<std::string_view, 0> no_losses{};
// What policies remember of each core has room for all.
static_assert(processor::most_cores == arch::max_cores);
using object::Return;

/// Until an adaptor's first policy is one of the roots, a discard would leave it in a slot that nobody looks at.
class Opening final : private arch::Undo
{
public:
    explicit Opening(Policies::Population_adaptor& adaptor) : adaptor_(adaptor) {}

private:
    void undo() override { adaptor_.close(); }

    Policies::Population_adaptor& adaptor_;
};

} // namespace

Policies::Policies(memory::Frame_pool& pool, object::State_source<processor::Placement>& homes)
    : pool_(pool), cores_(arch::window_count()), scheduler_("scheduler", processor::Scheduler_state::losses(), quota_),
      first_touch_(pool), interleave_(pool), huge_first_(pool), frame_gate_(pool),
      frames_("frames", memory::Frame_state::losses(), quota_, frame_gate_, no_turns_), static_(cores_),
      least_loaded_(cores_), node_local_(cores_), placement_("placement", no_losses, quota_, placement_gate_, homes),
      halt_("halt", processor::Halt_state::losses(), quota_, halt_gate_, unknown_windows_),
      collection_("collection", no_losses, quota_, collection_gate_, nothing_owed_), provoked_frames_(pool)
{
}

Result<> Policies::open()
{
    auto const now = arch::time_stamp();
    auto const open_with = [&](auto& adaptor, auto&... factories) -> Result<>
    {
        for (auto const added : {adaptor.add(factories)...})
            OVM_TRY(added);
        OVM_TRY(adaptor.open(table_, Return::built_in, object::Parameters(adaptor.description(Return::built_in)), now));
        return adaptors_.add(adaptor);
    };
    OVM_TRY(open_with(scheduler_, round_robin_, fair_, deadline_, dedicated_));
    OVM_TRY(open_with(frames_, first_touch_, interleave_, huge_first_));
    OVM_TRY(open_with(placement_, static_, least_loaded_, node_local_));
    OVM_TRY(open_with(halt_, at_once_, adaptive_));
    OVM_TRY(open_with(collection_, paced_, idle_time_));
    scheduler_.admit(object::family_id<processor::Scheduler>);
    frames_.admit(object::family_id<memory::Frame_policy>);
    placement_.admit(object::family_id<processor::Placement>);
    halt_.admit(object::family_id<processor::Halt>);
    managed_frames_.emplace(pool_, frames_.policy_reference());
    managed_collection_.emplace(collection_.policy_reference());
    return {};
}

Result<> Policies::add_provoked()
{
    OVM_TRY(scheduler_.add(provoked_scheduler_));
    OVM_TRY(frames_.add(provoked_frames_));
    return halt_.add(provoked_halt_);
}

Result<processor::Core::Policies> Policies::start_core(Core_id core)
{
    OVM_TRY(scheduler_.add_core(core));
    return processor::Core::Policies{.scheduler = scheduler_.reference(), .halt = halt_.policy_reference()};
}

processor::Scheduler& Policies::last_resort(Core_id core)
{
    return last_resorts_[core.value()].emplace(policy::Round_robin_scheduler::Parameters{
        .slice = arch::to_ticks(policy::Round_robin_scheduler::default_slice)});
}

Result<> Policies::fill(Population_adaptor& adaptor, bool lazy)
{
    OVM_TRY(adaptor.add(eager_));
    OVM_TRY(adaptor.add(lazy_));
    adaptor.admit(object::family_id<memory::Population>);
    std::size_t const policy = lazy ? 1 : 0;
    Opening const opening(adaptor);
    OVM_TRY(adaptor.open(table_, policy, object::Parameters(adaptor.description(policy)), arch::time_stamp()));
    return adaptors_.add(adaptor);
}

void Policies::close(Population_adaptor& adaptor)
{
    adaptor.close();
    adaptors_.remove(adaptor);
    if (adaptor.reference())
        table_.give_back(adaptor.reference().slot());
}

std::optional<std::size_t> Policies::free_swap(std::string_view who)
{
    for (std::size_t number = 0; number < swaps_.size(); ++number)
    {
        if (!swaps_[number].idle())
            continue;
        swaps_[number].prepare(who);
        return number;
    }
    return {};
}

void Policies::returned(const object::Adaptor& adaptor, bool done)
{
    interface::log(adaptor.resource(), ": back to ", adaptor.policy().name, done ? "" : " is not possible");
}

} // namespace ovm::boot
