#include "policy/placement/least_loaded.hpp"

namespace ovm::policy
{

using processor::Core_load;
using processor::Move;

Least_loaded_placement::Least_loaded_placement(std::uint32_t cores, const Parameters& parameters)
    : Resident_placement(cores, parameters.interval), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Core_id Least_loaded_placement::choose(Identity vcpu, std::optional<Node_id> near)
{
    auto node = near;
    if (!node)
    {
        if (auto const home = homes_.first_home(vcpu.vm))
            node = arch::node_of(*home);
    }
    auto const core = homes_.emptiest([](Core_id) { return true; },
                                      [&node](Core_id one) { return node && arch::node_of(one) == *node; });
    OVM_ASSERT(core.has_value()); // there is at least one core
    return *core;
}

std::optional<Move> Least_loaded_placement::improve(std::span<const Core_load> loads)
{
    auto const imbalance = find_imbalance(loads, Reach::machine, parameters_);
    if (!imbalance)
        return std::nullopt;
    return move_any(imbalance->from, imbalance->to);
}

} // namespace ovm::policy
