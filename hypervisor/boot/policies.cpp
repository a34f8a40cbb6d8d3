#include "boot/policies.hpp"

#include <algorithm>

#include "arch/processor.hpp"
#include "interface/console/log.hpp"

namespace ovm::boot
{

namespace
{

constexpr std::array<std::string_view, 0> no_losses{};
using object::Return;

} // namespace

Policies::Policies(memory::Frame_pool& pool, object::Storage& storage,
                   object::State_source<processor::Placement>& homes)
    : pool_(pool), storage_(storage), cores_(arch::window_count()),
      scheduler_("scheduler", policy::scheduler_losses, storage), first_touch_(pool), interleave_(pool),
      huge_first_(pool), frame_gate_(pool), frames_("frames", policy::frame_losses, storage, frame_gate_, no_turns_),
      static_(cores_), least_loaded_(cores_), node_local_(cores_),
      placement_("placement", no_losses, storage, placement_gate_, homes),
      halt_("halt", policy::halt_losses, storage, halt_gate_, unknown_windows_), provoked_frames_(pool)
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
        return add(adaptor);
    };
    OVM_TRY(open_with(scheduler_, round_robin_, fair_, deadline_, dedicated_));
    OVM_TRY(open_with(frames_, first_touch_, interleave_, huge_first_));
    OVM_TRY(open_with(placement_, static_, least_loaded_, node_local_));
    OVM_TRY(open_with(halt_, at_once_, adaptive_));
    managed_frames_.emplace(pool_, frames_.policy_reference());
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
    std::size_t const policy = lazy ? 1 : 0;
    OVM_TRY(adaptor.open(table_, policy, object::Parameters(adaptor.description(policy)), arch::time_stamp()));
    return add(adaptor);
}

void Policies::close(Population_adaptor& adaptor)
{
    for (std::size_t i = 0; i < adaptors_.size(); ++i)
    {
        if (adaptors_[i] != &adaptor)
            continue;
        adaptors_.erase(i);
        break;
    }
    if (adaptor.reference())
        table_.give_back(adaptor.reference().slot());
}

object::Adaptor* Policies::find(std::string_view resource) const
{
    for (auto* const adaptor : adaptors_)
    {
        if (adaptor->resource() == resource)
            return adaptor;
    }
    return nullptr;
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
