#include "boot/policies.hpp"

#include <algorithm>

#include "arch/processor.hpp"
#include "interface/console/log.hpp"

namespace ovm::boot
{

namespace
{

constexpr std::array<std::string_view, 0> no_losses{};
constexpr std::size_t built_in = 0; ///< the first factory of every adaptor

} // namespace

Policies::Policies(memory::Frame_pool& pool, object::Storage& storage)
    : pool_(pool), storage_(storage), cores_(arch::window_count()),
      scheduler_("scheduler", policy::scheduler_losses, storage), first_touch_(pool), interleave_(pool),
      huge_first_(pool), frame_gate_(pool), frames_("frames", policy::frame_losses, storage, frame_gate_),
      static_(cores_), least_loaded_(cores_), node_local_(cores_),
      placement_("placement", no_losses, storage, placement_gate_),
      halt_("halt", policy::halt_losses, storage, halt_gate_)
{
}

Result<> Policies::open()
{
    auto const now = arch::time_stamp();
    auto const open_with = [&](auto& adaptor, auto&... factories) -> Result<>
    {
        for (auto const added : {adaptor.add(factories)...})
            OVM_TRY(added);
        OVM_TRY(adaptor.open(table_, built_in, object::Parameters(adaptor.description(built_in)), now));
        return add(adaptor);
    };
    OVM_TRY(open_with(scheduler_, round_robin_, fair_, deadline_, dedicated_));
    OVM_TRY(open_with(frames_, first_touch_, interleave_, huge_first_));
    OVM_TRY(open_with(placement_, static_, least_loaded_, node_local_));
    OVM_TRY(open_with(halt_, at_once_, adaptive_));
    managed_frames_.emplace(pool_, frames_.reference());
    return {};
}

Result<processor::Core::Policies> Policies::start_core(Core_id core)
{
    OVM_TRY(scheduler_.add_core(core));
    return processor::Core::Policies{.scheduler = scheduler_.reference(), .halt = halt_.reference()};
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

std::optional<std::size_t> Policies::free_swap(std::string_view who, bool returned)
{
    for (std::size_t number = 0; number < swaps_.size(); ++number)
    {
        if (!swaps_[number].idle())
            continue;
        swaps_[number].prepare(who, returned);
        return number;
    }
    return {};
}

void Policies::scheduler_failed(Core_id core)
{
    if (scheduler_.exchange_faulted(core))
        faulted_in_exchange_.store(true, std::memory_order_release);
    return_job_.start(Core_id{0});
}

object::Job::Step Policies::Return_job::step()
{
    auto& scheduler = owner_.scheduler_;
    if (!scheduler.claim())
        return Step::again;
    scheduler.disclaim();
    auto const number = owner_.free_swap("OVM", true);
    if (!number)
        return Step::again;
    auto& swap = owner_.swap(*number);
    // In an exchange the old policy is still the one to go on with, made anew: its own object may be spoiled.
    object::Swap::Request request{&scheduler, scheduler.current(), scheduler.parameters()};
    if (!owner_.faulted_in_exchange_.exchange(false, std::memory_order_acq_rel))
    {
        auto const& good = scheduler.last_good();
        bool const other = good && good->policy != scheduler.current();
        request.policy = other ? good->policy : built_in;
        request.parameters = other ? good->parameters : object::Parameters(scheduler.description(built_in));
    }
    if (!swap.add(request))
        return Step::again;
    swap.begin(Core_id{0}, &owner_);
    return Step::done;
}

void Policies::swap_ended(const object::Swap& swap)
{
    for (auto const& request : swap.requests())
        interface::log(request.adaptor->resource(), ": back to ", request.adaptor->policy().name,
                       swap.succeeded() ? "" : " is not possible");
}

} // namespace ovm::boot
