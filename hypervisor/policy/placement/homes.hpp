#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "arch/processor.hpp"
#include "processor/placement.hpp"

namespace ovm::policy
{

/// Where every vcpu lives, with the sums that placements ask for.
/// Invariant:   residents(c) is the number of vcpus whose home is c.
/// Concurrency: its owner's lock.
class Homes
{
public:
    using Identity = processor::Vcpu_identity;

    /// For cores 0 to `cores` - 1, none of which has a vcpu.
    explicit Homes(std::uint32_t cores);

    std::uint32_t cores() const { return cores_; }
    std::uint32_t residents(Core_id core) const { return residents_[core.value()]; }
    std::optional<Core_id> home_of(Identity vcpu) const;
    /// The first vcpu of the VM that has a home.
    std::optional<Core_id> first_home(Vm_id vm) const;
    /// Where most of the VM's vcpus live; of equals, where its first one does.
    std::optional<Node_id> main_node(Vm_id vm) const;
    /// Of the cores that `allowed` accepts, one with the fewest residents, and of those, one that `better` accepts;
    /// the first such.
    template <typename Allowed, typename Better>
    std::optional<Core_id> emptiest(Allowed&& allowed, Better&& better) const
    {
        std::optional<Core_id> best{};
        bool best_is_better = false;
        for (std::uint32_t i = 0; i < cores_; ++i)
        {
            Core_id const core(i);
            if (!allowed(core))
                continue;
            bool const is_better = better(core);
            if (!best || residents(core) < residents(*best) ||
                (residents(core) == residents(*best) && is_better && !best_is_better))
            {
                best = core;
                best_is_better = is_better;
            }
        }
        return best;
    }

    /// It lives there from now on, wherever it lived before.
    void settle(Identity vcpu, Core_id core);
    /// Requires that it has a home.
    void remove(Identity vcpu);

    /// The next vcpu that `wanted(identity, home)` accepts. Each call looks at so many VMs as fit into a crossing, and
    /// goes on where the last one ended.
    template <typename Wanted>
    std::optional<Identity> search(Wanted&& wanted)
    {
        std::uint32_t looked_at = 0;
        for (std::uint32_t vms = 0; vms < processor::most_vms && looked_at < vms_a_search; ++vms)
        {
            Vm_id const vm(searched_ + 1);
            searched_ = (searched_ + 1) % processor::most_vms;
            if (vcpus_[vm.value() - 1] == 0)
                continue;
            ++looked_at;
            auto const& row = homes_[vm.value() - 1];
            for (std::uint32_t i = 0; i < row.size(); ++i)
            {
                Identity const vcpu{vm, Vcpu_index(i)};
                if (!row[i].is_nowhere() && wanted(vcpu, row[i].core()))
                    return vcpu;
            }
        }
        return std::nullopt;
    }

    void write(processor::Placement_state& state) const;
    /// Requires that nobody has a home yet. Error::invalid: a core that is not there, a count that is wrong, or a
    /// search beyond all VMs; only good for its destructor then.
    Result<> read(const processor::Placement_state& state);

private:
    static constexpr std::uint32_t vms_a_search = 8;
    using State = processor::Placement_state;

    State::Home& place(Identity vcpu) { return homes_[vcpu.vm.value() - 1][vcpu.index.value()]; }
    State::Home place(Identity vcpu) const { return homes_[vcpu.vm.value() - 1][vcpu.index.value()]; }

    Result<> read_vm(const State& state, std::uint32_t vm);

    std::uint32_t cores_;
    std::uint32_t searched_ = 0;
    decltype(State::homes) homes_{};
    std::array<std::uint8_t, processor::most_vms> vcpus_{}; ///< with a home, of each VM
    std::array<std::uint32_t, arch::max_cores> residents_{};
};

} // namespace ovm::policy
