#pragma once

#include "base/contract.hpp"
#include "processor/scheduler.hpp"

/// What the schedulers share of handing over to one another.
namespace ovm::policy
{

/// Whether the next policy has to queue it: it is runnable and not the current one.
inline bool is_waiting(const processor::Scheduler_state& state, const processor::Schedulable& vcpu)
{
    if (!vcpu.runnable() || &vcpu == state.current)
        return false;
    // Everybody is in the core's list once.
    OVM_GUARANTEED(!vcpu.place().is_queued());
    return true;
}

/// All vcpus of the state in the order of the core's own list, which goes round, from whom the outgoing policy would
/// have named next, or from the current one. So nobody is passed over for ever by swaps that come faster than turns.
class In_turn
{
public:
    class Iterator
    {
    public:
        Iterator(const processor::Residents& vcpus, processor::Residents::Iterator at, std::uint32_t left)
            : vcpus_(&vcpus), at_(at), left_(left)
        {
        }
        processor::Schedulable& operator*() const
        {
            // The list has as many as it counts.
            OVM_GUARANTEED(at_ != vcpus_->end());
            return *at_;
        }
        Iterator& operator++()
        {
            --left_;
            ++at_;
            if (at_ == vcpus_->end())
                at_ = vcpus_->begin();
            return *this;
        }
        bool operator==(const Iterator& other) const { return left_ == other.left_; }

    private:
        const processor::Residents* vcpus_;
        processor::Residents::Iterator at_;
        std::uint32_t left_;
    };

    explicit In_turn(const processor::Scheduler_state& state) : state_(state) {}

    Iterator begin() const
    {
        auto const& vcpus = state_.vcpus;
        auto const* const turning_point = state_.next != nullptr ? state_.next : state_.current;
        auto at = vcpus.begin();
        while (at != vcpus.end() && &*at != turning_point)
            ++at;
        return {vcpus, at != vcpus.end() ? at : vcpus.begin(), vcpus.count()};
    }
    Iterator end() const { return {state_.vcpus, state_.vcpus.end(), 0}; }

private:
    const processor::Scheduler_state& state_;
};

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
