#include "policy/placement/balance.hpp"

#include <array>

#include "arch/processor.hpp"

namespace ovm::policy
{

using processor::Core_load;

Result<> check(const Balance_parameters& parameters)
{
    if (parameters.interval < Balance_parameters::interval_min ||
        parameters.interval > Balance_parameters::interval_max || parameters.busy > 1000 ||
        parameters.margin < Balance_parameters::margin_min || parameters.margin > Balance_parameters::margin_max)
        return Error::out_of_range;
    return {};
}

namespace
{

/// More run or wait, or as many on a busier core: one number that compares so.
std::uint64_t weight(const Core_load& load)
{
    return std::uint64_t{load.runnable} << 32 | load.busy_permille;
}

/// The extremes of a group of cores.
struct Extremes
{
    std::uint32_t most = 0;
    std::uint32_t least = 0;
    std::uint64_t most_weight = 0;
    std::uint64_t least_weight = ~std::uint64_t{0};

    void add(std::uint32_t core, std::uint64_t its_weight)
    {
        if (its_weight > most_weight)
        {
            most = core;
            most_weight = its_weight;
        }
        if (its_weight < least_weight)
        {
            least = core;
            least_weight = its_weight;
        }
    }
};

} // namespace

std::optional<Imbalance> find_imbalance(std::span<const Core_load> loads, Reach reach,
                                        const Balance_parameters& parameters)
{
    std::array<Extremes, arch::max_nodes> groups{};
    for (std::uint32_t core = 0; core < loads.size(); ++core)
    {
        auto const group = reach == Reach::machine ? 0 : loads[core].node.value();
        if (group < groups.size())
            groups[group].add(core, weight(loads[core]));
    }
    std::optional<Imbalance> best{};
    std::uint32_t best_difference = 0;
    for (auto const& group : groups)
    {
        if (group.most_weight <= group.least_weight)
            continue; // no core, or all alike
        auto const& from = loads[group.most];
        auto const difference = from.runnable - loads[group.least].runnable;
        if (difference < parameters.margin || from.busy_permille < parameters.busy || difference <= best_difference)
            continue;
        best = Imbalance{Core_id(group.most), Core_id(group.least)};
        best_difference = difference;
    }
    return best;
}

} // namespace ovm::policy
