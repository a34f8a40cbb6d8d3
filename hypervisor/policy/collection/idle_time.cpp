#include "policy/collection/idle_time.hpp"

#include "base/contract.hpp"

namespace ovm::policy
{

Result<> Idle_time_collection::check(const Parameters& parameters)
{
    if (parameters.least < Parameters::least_min || parameters.least > Parameters::least_max ||
        parameters.slice < Parameters::slice_min || parameters.slice > Parameters::slice_max)
        return Error::out_of_range;
    return {};
}

Idle_time_collection::Idle_time_collection(const Parameters& parameters) : parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

bool Idle_time_collection::should_start(const object::Collection_report& report) const
{
    return report.tight || report.exhausted || (report.idle && report.allocated >= parameters_.least);
}

object::Work Idle_time_collection::owed(const object::Collection_report& report) const
{
    // Half of what is left may be allocated while the work is done; where much is, all of it is owed at once.
    if (report.exhausted || report.headroom <= report.since_asked * 2)
        return report.expected + parameters_.slice;
    auto const share = (report.expected + parameters_.slice) * 2 * report.since_asked.value() / report.headroom.value();
    return share < parameters_.slice ? parameters_.slice : share;
}

} // namespace ovm::policy
