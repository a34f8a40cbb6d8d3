#include "policy/population/lazy.hpp"

#include "arch/injection.hpp"
#include "base/bits.hpp"
#include "base/contract.hpp"

namespace ovm::policy
{

Result<> Lazy_population::check(const Parameters& parameters)
{
    if (!is_power_of_two(parameters.around.value()) || parameters.around > Parameters::around_max)
        return Error::out_of_range;
    return {};
}

Lazy_population::Lazy_population(const Parameters& parameters) : Progress_keeper(false), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Result<Bytes> Lazy_population::ahead(const memory::Population_progress& progress)
{
    keep(progress);
    arch::injection_point("lazy: asked for more ahead");
    return Bytes{0};
}

} // namespace ovm::policy
