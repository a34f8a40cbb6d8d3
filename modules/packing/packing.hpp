#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "object/module/module.hpp"
#include "processor/placement.hpp"

namespace ovm::modules
{

/// Few cores work and the others sleep deeply (as VMs are consolidated on few machines): while two cores together are
/// busy for no more than `fill` permille of the time, the one with fewer vcpus is emptied onto the other, vcpu by vcpu;
/// so each move makes the next one of its kind more likely, and none goes back. A core that is busy for more than
/// `full` gives vcpus away to one that has room, or to one that sleeps. Between both nothing moves.
/// Invariant:   what the family's contract says; searched_ is a VM's place.
/// Concurrency: as the family's.
/// State:       where every vcpu lives, when one was moved last, and where the search goes on.
class Packing final : public processor::Placement
{
public:
    static constexpr std::array<object::Parameter, 4> parameters{{
        {"interval", object::Unit::number, 100, 1, 10'000, "milliseconds between two looks at the loads"},
        {"fill", object::Unit::number, 600, 0, 1000, "permille that two cores may do together to become one"},
        {"full", object::Unit::number, 800, 0, 1000, "permille beyond which a core gives vcpus away"},
        {"crowd", object::Unit::number, 8, 1, 255, "vcpus of unknown load that a core is given"},
    }};
    static constexpr object::Policy_description description{"packing", "few cores work, the others sleep", parameters};

    /// Error::out_of_range: what is filled would be too full.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Packing(object::Values values)
        : interval_(static_cast<std::uint32_t>(values[0])), fill_(static_cast<std::uint32_t>(values[1])),
          full_(static_cast<std::uint32_t>(values[2])), crowd_(static_cast<std::uint32_t>(values[3]))
    {
    }

    Result<Core_id> place(processor::Vcpu_identity vcpu, std::optional<Node_id> near,
                          std::span<const processor::Core_load> loads) override;
    Result<> leave(processor::Vcpu_identity vcpu) override;
    Result<> moved(processor::Vcpu_identity vcpu, Core_id to) override;
    Result<std::optional<processor::Move>> rebalance(std::span<const processor::Core_load> loads, Ticks now) override;
    Result<std::optional<Nanoseconds>> pace() override;
    Result<> export_state(processor::Placement_state& state) override;
    Result<> import_state(processor::Placement_state& state) override;

private:
    using Loads = std::span<const processor::Core_load>;
    using Home = processor::Placement_state::Home;

    static constexpr std::uint32_t longest_interval = 10'000;
    static constexpr std::uint32_t vms_a_search = 8; ///< so that a crossing stays short
    static constexpr std::uint32_t nowhere = processor::most_cores;

    OVM_CLASS_INVARIANT bool invariant() const
    {
        return interval_ <= longest_interval && searched_ < processor::most_vms;
    }
    /// Of the VM with that place, counted from 0.
    static constexpr std::uint32_t place_of(std::uint32_t vm, std::uint32_t index)
    {
        return vm * processor::most_vcpus + index;
    }
    bool lives(processor::Vcpu_identity vcpu) const;
    /// For proofs.
    bool lives_at(processor::Vcpu_identity vcpu, Home home) const
    {
        return homes_[place_of(vcpu.vm.value() - 1, vcpu.index.value())] == home.number;
    }
    void settle(processor::Vcpu_identity vcpu, Home home);
    std::uint32_t fullest(Loads loads) const;
    std::uint32_t sparsest(Loads loads) const;
    std::uint32_t with_room(Loads loads, std::uint32_t but, std::uint32_t most, std::uint32_t residents) const;
    std::optional<processor::Move> move_any(std::uint32_t from, std::uint32_t to);

    std::array<std::uint16_t, processor::most_cores> residents_{};                  ///< of each core
    std::array<std::uint8_t, processor::most_vms * processor::most_vcpus> homes_{}; ///< of all vcpus, as Home::number
    std::array<std::uint8_t, processor::most_vms> vcpus_{};                         ///< of each VM that have a home
    std::uint32_t searched_ = 0; ///< the place of the VM that is looked at next
    Ticks moved_at_{};
    std::uint32_t interval_; ///< milliseconds
    std::uint32_t fill_;
    std::uint32_t full_;
    std::uint32_t crowd_;
};

} // namespace ovm::modules
