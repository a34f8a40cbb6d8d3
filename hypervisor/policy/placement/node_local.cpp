#include "policy/placement/node_local.hpp"

namespace ovm::policy
{

using processor::Core_load;
using processor::Move;

namespace
{

/// The node with the fewest vcpus for each of its cores.
Node_id emptiest_node(const Homes& homes)
{
    std::array<std::uint32_t, arch::max_nodes> cores{};
    std::array<std::uint32_t, arch::max_nodes> vcpus{};
    for (std::uint32_t i = 0; i < homes.cores(); ++i)
    {
        auto const node = arch::node_of(Core_id(i)).value();
        ++cores[node];
        vcpus[node] += homes.residents(Core_id(i));
    }
    std::optional<std::uint32_t> best{};
    for (std::uint32_t node = 0; node < cores.size(); ++node)
    {
        if (cores[node] != 0 && (!best || vcpus[node] * cores[*best] < vcpus[*best] * cores[node]))
            best = node;
    }
    return Node_id(best.value_or(0));
}

/// None: the node has memory only.
std::optional<Core_id> emptiest_core(const Homes& homes, Node_id node)
{
    return homes.emptiest([node](Core_id core) { return arch::node_of(core) == node; }, [](Core_id) { return false; });
}

/// A vcpu that lives on another node than the most of its VM.
std::optional<Move> bring_home(Homes& homes)
{
    Vm_id vm{};
    std::optional<Node_id> node{}; // of that VM
    Core_id from{};
    auto const stray = homes.search(
        [&](Homes::Identity vcpu, Core_id home)
        {
            if (vcpu.vm != vm)
            {
                vm = vcpu.vm;
                node = homes.main_node(vm);
            }
            from = home;
            return node && arch::node_of(home) != *node;
        });
    if (!stray)
        return std::nullopt;
    auto const to = emptiest_core(homes, *node);
    if (!to)
        return std::nullopt;
    return Move{*stray, from, *to};
}

} // namespace

Node_local_placement::Node_local_placement(std::uint32_t cores, const Parameters& parameters)
    : Resident_placement(cores, parameters.interval), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Core_id Node_local_placement::choose(Identity vcpu, std::optional<Node_id> near)
{
    auto wish = homes_.main_node(vcpu.vm);
    if (!wish)
        wish = near;
    if (wish)
    {
        if (auto const core = emptiest_core(homes_, *wish))
            return *core;
    }
    auto const core = emptiest_core(homes_, emptiest_node(homes_));
    OVM_ASSERT(core.has_value());
    return *core;
}

std::optional<Move> Node_local_placement::improve(std::span<const Core_load> loads)
{
    if (auto const stray = bring_home(homes_))
        return stray;
    auto const imbalance = find_imbalance(loads, Reach::node, parameters_);
    if (!imbalance)
        return std::nullopt;
    return move_any(imbalance->from, imbalance->to);
}

} // namespace ovm::policy
