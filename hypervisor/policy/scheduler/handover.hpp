#pragma once

#include "base/contract.hpp"
#include "processor/scheduler.hpp"

/// What the schedulers share of handing over to one another.
namespace ovm::policy
{

/// Every runnable vcpu of the state but the current one: in the order of the core's own list, which goes round, from
/// whom the outgoing policy would have named next, or from the current one. So nobody is passed over for ever by swaps
/// that come faster than turns.
class Waiting
{
public:
    explicit Waiting(const processor::Scheduler_state& state)
        : vcpus_(state.vcpus), current_(state.current), at_(vcpus_.begin()), left_(vcpus_.count())
    {
        auto const* const turning_point = state.next != nullptr ? state.next : current_;
        auto at = at_;
        while (at != vcpus_.end() && &*at != turning_point)
            ++at;
        if (at != vcpus_.end())
            at_ = at;
    }

    /// How many are still to be looked at.
    std::uint32_t left() const { return left_; }
    /// On to the next one; false if there is none.
    bool advance()
    {
        [[maybe_unused]] auto const all = left_;
        while (left_ > 0)
        {
            OVM_LOOP_INVARIANT(left_ <= all);
            OVM_VARIANT(left_);
            // The list has as many as it counts.
            OVM_GUARANTEED(at_ != vcpus_.end());
            found_ = &*at_;
            --left_;
            ++at_;
            if (at_ == vcpus_.end())
                at_ = vcpus_.begin();
            if (!found_->runnable() || found_ == current_)
                continue;
            // Everybody is in the list once.
            OVM_GUARANTEED(!found_->place().is_queued());
            return true;
        }
        return false;
    }
    OVM_CONTRACT bool contract_of_advance()
    {
        auto const before = OVM_OLD(left_);
        OVM_MODIFIES(found_, at_, left_);
        bool const is_there = OVM_RESULT(advance());
        OVM_ENSURES(!is_there || (found_ != nullptr && !found_->place().is_queued() && left_ < before));
        return is_there;
    }
    /// Requires that advance() found one.
    processor::Schedulable& vcpu() const { return *found_; }

private:
    const processor::Residents& vcpus_;
    const processor::Schedulable* current_;
    processor::Schedulable* found_ = nullptr;
    processor::Residents::Iterator at_;
    std::uint32_t left_;
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
