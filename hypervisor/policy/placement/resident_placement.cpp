#include "policy/placement/resident_placement.hpp"

#include "arch/injection.hpp"

namespace ovm::policy
{

using processor::Core_load;
using processor::Move;
using processor::Placement_state;

Resident_placement::Resident_placement(std::uint32_t cores, std::optional<Nanoseconds> interval)
    : homes_(cores), interval_(interval)
{
}

Result<Core_id> Resident_placement::place(Identity vcpu, std::optional<Node_id> near, std::span<const Core_load>)
{
    if (!is_possible(vcpu))
        return Error::out_of_range;
    Lock_guard const guard(lock_);
    if (homes_.home_of(vcpu))
        return Error::exists;
    auto const core = choose(vcpu, near);
    arch::injection_point("placement: before a vcpu settles");
    homes_.settle(vcpu, core);
    arch::injection_point("placement: after a vcpu settled");
    return core;
}

Result<> Resident_placement::leave(Identity vcpu)
{
    Lock_guard const guard(lock_);
    if (!is_possible(vcpu) || !homes_.home_of(vcpu))
        return Error::not_found;
    arch::injection_point("placement: before a vcpu leaves");
    homes_.remove(vcpu);
    return {};
}

Result<> Resident_placement::moved(Identity vcpu, Core_id to)
{
    Lock_guard const guard(lock_);
    if (!is_possible(vcpu) || !homes_.home_of(vcpu))
        return Error::not_found;
    if (to.value() >= homes_.cores())
        return Error::out_of_range;
    homes_.settle(vcpu, to);
    return {};
}

Result<std::optional<Move>> Resident_placement::rebalance(std::span<const Core_load> loads, Ticks now)
{
    Lock_guard const guard(lock_);
    if (loads.size() != homes_.cores())
        return Error::invalid;
    if (!interval_ || (moved_at_ != Ticks(0) && now < moved_at_ + arch::to_ticks(*interval_)))
        return std::optional<Move>{};
    auto const move = improve(loads);
    if (move)
        moved_at_ = now;
    return move;
}

Result<std::optional<Nanoseconds>> Resident_placement::pace()
{
    return interval_;
}

std::optional<Move> Resident_placement::move_any(Core_id from, Core_id to)
{
    auto const vcpu = homes_.search([from](Identity, Core_id home) { return home == from; });
    if (!vcpu)
        return std::nullopt;
    return Move{*vcpu, from, to};
}

Result<> Resident_placement::export_state(Placement_state& state)
{
    Lock_guard const guard(lock_);
    homes_.write(state);
    state.moved_at = moved_at_;
    return {};
}

Result<> Resident_placement::import_state(Placement_state& state)
{
    Lock_guard const guard(lock_);
    OVM_TRY(homes_.read(state));
    moved_at_ = state.moved_at;
    return {};
}

} // namespace ovm::policy
