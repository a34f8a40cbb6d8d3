#include "policy/placement/static_placement.hpp"

namespace ovm::policy
{

using processor::Core_load;
using processor::Move;

Result<> Static_placement::check(const Parameters& parameters, std::uint32_t cores)
{
    if (parameters.first >= cores || parameters.stride < 1 || parameters.stride > arch::max_cores)
        return Error::out_of_range;
    return policy::check(Balance_parameters{.interval = parameters.interval});
}

Static_placement::Static_placement(std::uint32_t cores, const Parameters& parameters)
    : Resident_placement(cores, parameters.gather ? std::optional(parameters.interval) : std::nullopt), cores_(cores),
      parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters, cores).has_value());
}

Core_id Static_placement::home_of(Identity vcpu) const
{
    return Core_id((parameters_.first + vcpu.vm.value() - 1 + vcpu.index.value() * parameters_.stride) % cores_);
}

Core_id Static_placement::choose(Identity vcpu, std::optional<Node_id>)
{
    return home_of(vcpu);
}

std::optional<Move> Static_placement::improve(std::span<const Core_load>)
{
    Core_id from{};
    auto const stray = homes_.search(
        [this, &from](Identity vcpu, Core_id home)
        {
            from = home;
            return home != home_of(vcpu);
        });
    if (!stray)
        return std::nullopt;
    return Move{*stray, from, home_of(*stray)};
}

} // namespace ovm::policy
