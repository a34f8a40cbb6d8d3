#pragma once

#include "arch/lock.hpp"
#include "policy/placement/homes.hpp"
#include "processor/placement.hpp"

namespace ovm::policy
{

/// What all placements have in common: they remember who lives where, and pace their moves.
/// Concurrency: lock_.
class Resident_placement : public processor::Placement
{
public:
    using Identity = processor::Vcpu_identity;

    Result<Core_id> place(Identity vcpu, std::optional<Node_id> near,
                          std::span<const processor::Core_load> loads) final;
    Result<> leave(Identity vcpu) final;
    Result<> moved(Identity vcpu, Core_id to) final;
    Result<std::optional<processor::Move>> rebalance(std::span<const processor::Core_load> loads, Ticks now) final;
    Result<std::optional<Nanoseconds>> pace() final;
    Result<> export_state(processor::Placement_state& state) final;
    Result<> import_state(processor::Placement_state& state) final;

protected:
    /// `interval` between two decisions to move; nothing: it never makes one.
    Resident_placement(std::uint32_t cores, std::optional<Nanoseconds> interval);
    ~Resident_placement() = default;

    /// A core for a vcpu that has none.
    virtual Core_id choose(Identity vcpu, std::optional<Node_id> near) OVM_REQUIRES(lock_) = 0;
    /// What to change now. Two searches of homes_ at most.
    virtual std::optional<processor::Move> improve(std::span<const processor::Core_load> loads) OVM_REQUIRES(lock_) = 0;

    /// A move of the next vcpu that lives on `from`.
    std::optional<processor::Move> move_any(Core_id from, Core_id to) OVM_REQUIRES(lock_);

    Ranked_lock<Rank::scheduler> lock_;
    Homes homes_ OVM_GUARDED_BY(lock_);

private:
    std::optional<Nanoseconds> interval_;
    Ticks moved_at_ OVM_GUARDED_BY(lock_){}; ///< 0: never
};

} // namespace ovm::policy
