#include "packing.hpp"

#include <algorithm>

namespace ovm::modules
{

using processor::Core_load;
using processor::Move;
using processor::Placement_state;
using processor::Vcpu_identity;

namespace
{

std::uint32_t busy(const Core_load& load)
{
    return std::min(load.busy_permille, 1000u);
}

} // namespace

Result<> Packing::check(object::Values values)
{
    if (values[0] > longest_interval || values[1] > values[2])
        return Error::out_of_range;
    return {};
}

/// Requires that it is possible.
bool Packing::lives(Vcpu_identity vcpu) const
{
    return homes_[place_of(vcpu.vm.value() - 1, vcpu.index.value())] != 0;
}

/// Its home from now on, or nowhere. Counts end where they cannot go on; they never get there.
void Packing::settle(Vcpu_identity vcpu, Home home)
{
    auto const vm = vcpu.vm.value() - 1;
    Home const old{homes_[place_of(vm, vcpu.index.value())]};
    if (!old.is_nowhere() && old.core().value() < processor::most_cores)
    {
        auto& before = residents_[old.core().value()];
        before = static_cast<std::uint16_t>(before - std::min<std::uint16_t>(before, 1));
        vcpus_[vm] = static_cast<std::uint8_t>(vcpus_[vm] - std::min<std::uint8_t>(vcpus_[vm], 1));
    }
    homes_[place_of(vm, vcpu.index.value())] = home.number;
    if (!home.is_nowhere() && home.core().value() < processor::most_cores)
    {
        auto& now = residents_[home.core().value()];
        now = static_cast<std::uint16_t>(std::min(now + 1, 0xffff));
        vcpus_[vm] = static_cast<std::uint8_t>(std::min(vcpus_[vm] + 1, 0xff));
    }
}

/// The first core that is neither full nor crowded; if all are, the one with the fewest.
Result<Core_id> Packing::place(Vcpu_identity vcpu, std::optional<Node_id>, Loads loads)
{
    if (!is_possible(vcpu))
        return Error::out_of_range;
    if (lives(vcpu))
        return Error::exists;
    OVM_PROMISES(lives_at(vcpu, Home{}));
    if (loads.empty() || loads.size() > processor::most_cores)
        return Error::invalid;
    std::uint32_t best = 0;
    for (std::uint32_t core = 0; core < loads.size(); ++core)
    {
        OVM_LOOP_INVARIANT(best < loads.size());
        if (residents_[core] < crowd_ && busy(loads[core]) < full_)
        {
            best = core;
            break;
        }
        if (residents_[core] < residents_[best])
            best = core;
    }
    settle(vcpu, Home::at(Core_id(best)));
    OVM_PROMISES(lives_at(vcpu, Home::at(Core_id(best))));
    return Core_id(best);
}

Result<> Packing::leave(Vcpu_identity vcpu)
{
    if (!is_possible(vcpu) || !lives(vcpu))
        return Error::not_found;
    OVM_PROMISES(!lives_at(vcpu, Home{}));
    settle(vcpu, Home{});
    OVM_PROMISES(!lives(vcpu));
    return {};
}

Result<> Packing::moved(Vcpu_identity vcpu, Core_id to)
{
    if (!is_possible(vcpu) || !lives(vcpu))
        return Error::not_found;
    OVM_PROMISES(!lives_at(vcpu, Home{}));
    if (to.value() >= processor::most_cores)
        return Error::out_of_range;
    settle(vcpu, Home::at(to));
    OVM_PROMISES(lives_at(vcpu, Home::at(to)));
    return {};
}

/// The busiest core, if it is too full and has more than one vcpu.
std::uint32_t Packing::fullest(Loads loads) const
{
    std::uint32_t best = nowhere;
    for (std::uint32_t core = 0; core < loads.size(); ++core)
    {
        OVM_LOOP_INVARIANT(best == nowhere || best < core);
        if (busy(loads[core]) > full_ && residents_[core] > 1 &&
            (best == nowhere || busy(loads[core]) > busy(loads[best])))
            best = core;
    }
    return best;
}

/// Of the cores that have vcpus and are less than half filled, the one with the fewest; among equals the last one.
std::uint32_t Packing::sparsest(Loads loads) const
{
    std::uint32_t best = nowhere;
    for (std::uint32_t core = 0; core < loads.size(); ++core)
    {
        OVM_LOOP_INVARIANT(best == nowhere || best < core);
        if (residents_[core] != 0 && busy(loads[core]) <= fill_ / 2 &&
            (best == nowhere || residents_[core] <= residents_[best]))
            best = core;
    }
    return best;
}

/// Of the other cores that are not busier than that and have so many vcpus, the one with the most; among equals the
/// first one. A core that sleeps is the last choice.
std::uint32_t Packing::with_room(Loads loads, std::uint32_t but, std::uint32_t most, std::uint32_t residents) const
{
    std::uint32_t best = nowhere;
    for (std::uint32_t core = 0; core < loads.size(); ++core)
    {
        OVM_LOOP_INVARIANT(best == nowhere || (best < core && best != but));
        if (core != but && busy(loads[core]) <= most && residents_[core] >= residents &&
            (best == nowhere || residents_[core] > residents_[best]))
            best = core;
    }
    return best;
}

std::optional<Move> Packing::move_any(std::uint32_t from, std::uint32_t to)
{
    std::uint32_t looked_at = 0;
    for (std::uint32_t vms = 0; vms < processor::most_vms && looked_at < vms_a_search; ++vms)
    {
        OVM_LOOP_INVARIANT(searched_ < processor::most_vms);
        OVM_VARIANT(processor::most_vms - vms);
        auto const vm = searched_;
        searched_ = vm + 1 == processor::most_vms ? 0 : vm + 1;
        if (vcpus_[vm] == 0)
            continue;
        ++looked_at;
        for (std::uint32_t i = 0; i < processor::most_vcpus; ++i)
        {
            if (homes_[place_of(vm, i)] == Home::at(Core_id(from)).number)
                return Move{{Vm_id(vm + 1), Vcpu_index(i)}, Core_id(from), Core_id(to)};
        }
    }
    return std::nullopt;
}

Result<std::optional<Move>> Packing::rebalance(Loads loads, Ticks now)
{
    if (loads.empty() || loads.size() > processor::most_cores)
        return Error::invalid;
    auto from = fullest(loads);
    auto to = nowhere;
    if (from != nowhere)
        to = with_room(loads, from, fill_ / 2, 0);
    else if (from = sparsest(loads); from != nowhere)
        to = with_room(loads, from, fill_ - std::min(busy(loads[from]), fill_), residents_[from]);
    if (to == nowhere)
        return std::optional<Move>{};
    auto const move = move_any(from, to);
    if (move)
        moved_at_ = now;
    return move;
}

Result<std::optional<Nanoseconds>> Packing::pace()
{
    return std::optional(Nanoseconds(std::uint64_t{interval_} * 1'000'000));
}

Result<> Packing::export_state(Placement_state& state)
{
    for (std::uint32_t vm = 0; vm < processor::most_vms; ++vm)
    {
        state.vcpus[vm] = vcpus_[vm];
        for (std::uint32_t i = 0; vcpus_[vm] != 0 && i < processor::most_vcpus; ++i)
            state.homes[vm][i].number = homes_[place_of(vm, i)];
    }
    state.moved_at = moved_at_;
    state.searched = searched_;
    return {};
}

Result<> Packing::import_state(Placement_state& state)
{
    if (state.searched >= processor::most_vms)
        return Error::invalid;
    for (std::uint32_t vm = 0; vm < processor::most_vms; ++vm)
    {
        if (state.vcpus[vm] == 0)
            continue;
        for (std::uint32_t i = 0; i < processor::most_vcpus; ++i)
        {
            auto const home = state.homes[vm][i];
            if (!home.is_nowhere() && home.core().value() >= processor::most_cores)
                return Error::invalid;
            settle({Vm_id(vm + 1), Vcpu_index(i)}, home);
        }
        if (vcpus_[vm] != state.vcpus[vm])
            return Error::invalid;
    }
    searched_ = state.searched;
    moved_at_ = state.moved_at;
    return {};
}

} // namespace ovm::modules
