#pragma once

#include "base/contract.hpp"
#include "processor/scheduler.hpp"

/// What the schedulers share of handing over to one another.
namespace ovm::policy
{

/// Every runnable vcpu of the state but the current one: in the order of the core's own list, which goes round, from
/// whom the outgoing policy would have named next, or from the current one. So nobody is passed over for ever by swaps
/// that come faster than turns.
template <typename Take>
void for_each_waiting(const processor::Scheduler_state& state, Take take)
{
    auto const* const turning_point = state.next != nullptr ? state.next : state.current;
    auto const visit = [&](processor::Schedulable& vcpu)
    {
        if (!vcpu.runnable() || &vcpu == state.current)
            return;
        // Everybody is in the list once, and the second walk ends where the first one began.
        OVM_GUARANTEED(!vcpu.place().is_queued());
        take(vcpu);
    };
    auto const end = state.vcpus.end();
    auto at = state.vcpus.begin();
    while (at != end && &*at != turning_point)
        ++at;
    for (; at != end; ++at)
        visit(*at);
    for (auto& vcpu : state.vcpus)
    {
        if (&vcpu == turning_point)
            return;
        visit(vcpu);
    }
}

/// For the record of policies that know no reservations.
inline void note_reservations_lost(processor::Scheduler_state& state)
{
    for (auto& vcpu : state.vcpus)
    {
        if (vcpu.parameters().has_reservation())
            state.lost |= processor::Scheduler_state::reservation;
    }
}

/// For the record: among several who wait, the accounts do not say who came first.
inline void note_order_lost(processor::Scheduler_state& state)
{
    auto const waiting = state.vcpus.runnable() - (state.current != nullptr ? 1u : 0u);
    if (waiting > 1)
        state.lost |= processor::Scheduler_state::order;
}

/// Nothing that an earlier policy left in the places means anything any more.
inline void forget_places(const processor::Scheduler_state& state)
{
    for (auto& vcpu : state.vcpus)
        vcpu.place() = {};
}

} // namespace ovm::policy
