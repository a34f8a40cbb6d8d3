#include "policy/placement/homes.hpp"

#include "base/contract.hpp"

namespace ovm::policy
{

Homes::Homes(std::uint32_t cores) : cores_(cores)
{
    OVM_REQUIRES_THAT(cores >= 1 && cores <= arch::max_cores);
}

std::optional<Core_id> Homes::home_of(Identity vcpu) const
{
    OVM_REQUIRES_THAT(is_possible(vcpu));
    auto const home = place(vcpu);
    if (home.is_nowhere())
        return std::nullopt;
    return home.core();
}

std::optional<Core_id> Homes::first_home(Vm_id vm) const
{
    for (std::uint32_t i = 0; i < processor::most_vcpus; ++i)
    {
        if (auto const home = home_of({vm, Vcpu_index(i)}))
            return home;
    }
    return std::nullopt;
}

std::optional<Node_id> Homes::main_node(Vm_id vm) const
{
    std::array<std::uint32_t, arch::max_nodes> vcpus{};
    std::optional<std::uint32_t> best{};
    OVM_REQUIRES_THAT(processor::is_possible({vm, Vcpu_index(0)}));
    for (auto const home : homes_[vm.value() - 1])
    {
        if (home.is_nowhere())
            continue;
        auto const node = arch::node_of(home.core()).value();
        ++vcpus[node];
        if (!best)
            best = node; // of the first one: it stays so among equals, as only more beats it below
    }
    if (!best)
        return std::nullopt;
    for (std::uint32_t node = 0; node < vcpus.size(); ++node)
    {
        if (vcpus[node] > vcpus[*best])
            best = node;
    }
    return Node_id(*best);
}

void Homes::settle(Identity vcpu, Core_id core)
{
    OVM_REQUIRES_THAT(core.value() < cores_);
    if (home_of(vcpu))
        remove(vcpu);
    place(vcpu) = State::Home::at(core);
    ++vcpus_[vcpu.vm.value() - 1];
    ++residents_[core.value()];
}

void Homes::remove(Identity vcpu)
{
    auto const home = home_of(vcpu);
    OVM_REQUIRES_THAT(home.has_value());
    place(vcpu) = {};
    --vcpus_[vcpu.vm.value() - 1];
    --residents_[home->value()];
}

void Homes::write(State& state) const
{
    state.vcpus = vcpus_;
    for (std::size_t vm = 0; vm < vcpus_.size(); ++vm)
    {
        if (vcpus_[vm] != 0)
            state.homes[vm] = homes_[vm];
    }
    state.searched = searched_;
}

Result<> Homes::read(const State& state)
{
    if (state.searched >= processor::most_vms)
        return Error::invalid;
    for (std::uint32_t vm = 0; vm < processor::most_vms; ++vm)
    {
        if (state.vcpus[vm] != 0)
            OVM_TRY(read_vm(state, vm));
    }
    searched_ = state.searched;
    return {};
}

Result<> Homes::read_vm(const State& state, std::uint32_t vm)
{
    for (auto const home : state.homes[vm])
    {
        if (home.is_nowhere())
            continue;
        if (home.core().value() >= cores_)
            return Error::invalid;
        ++vcpus_[vm];
        ++residents_[home.core().value()];
    }
    if (vcpus_[vm] != state.vcpus[vm])
        return Error::invalid;
    homes_[vm] = state.homes[vm];
    return {};
}

} // namespace ovm::policy
