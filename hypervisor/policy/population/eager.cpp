#include "policy/population/eager.hpp"

#include "base/contract.hpp"

namespace ovm::policy
{

Result<> Eager_population::check(const Parameters& parameters)
{
    auto const step = parameters.step;
    if (step < page_size || step > Parameters::step_max || step.value() % page_size.value() != 0)
        return Error::out_of_range;
    if (parameters.largest != memory::small_order && parameters.largest != memory::large_order &&
        parameters.largest != memory::huge_order)
        return Error::invalid;
    return {};
}

Eager_population::Eager_population(const Parameters& parameters) : Progress_keeper(true), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Result<Bytes> Eager_population::ahead(const memory::Population_progress& progress)
{
    keep(progress);
    return progress.is_complete() ? Bytes{0} : parameters_.step;
}

} // namespace ovm::policy
