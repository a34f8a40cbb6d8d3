#include "policy/placement/balance.hpp"

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

bool is_more(const Core_load& one, const Core_load& other)
{
    return one.runnable != other.runnable ? one.runnable > other.runnable : one.busy_permille > other.busy_permille;
}

} // namespace

std::optional<Imbalance> find_imbalance(std::span<const Core_load> loads, std::optional<Node_id> node,
                                        const Balance_parameters& parameters)
{
    std::optional<std::size_t> most{};
    std::optional<std::size_t> least{};
    for (std::size_t i = 0; i < loads.size(); ++i)
    {
        if (node && loads[i].node != *node)
            continue;
        if (!most || is_more(loads[i], loads[*most]))
            most = i;
        if (!least || is_more(loads[*least], loads[i]))
            least = i;
    }
    if (!most || !least)
        return std::nullopt;
    if (loads[*most].runnable < loads[*least].runnable + parameters.margin ||
        loads[*most].busy_permille < parameters.busy)
        return std::nullopt;
    return Imbalance{Core_id(static_cast<std::uint32_t>(*most)), Core_id(static_cast<std::uint32_t>(*least))};
}

} // namespace ovm::policy
