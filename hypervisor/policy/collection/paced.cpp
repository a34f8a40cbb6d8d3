#include "policy/collection/paced.hpp"

#include <algorithm>

#include "base/contract.hpp"

namespace ovm::policy
{

Result<> Paced_collection::check(const Parameters& parameters)
{
    if (parameters.growth == 0 || parameters.growth > Parameters::growth_max ||
        parameters.least < Parameters::least_min || parameters.least > Parameters::least_max)
        return Error::out_of_range;
    return {};
}

Paced_collection::Paced_collection(const Parameters& parameters) : parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

/// What may be allocated between two collections.
Bytes Paced_collection::allowance(const object::Collection_report& report) const
{
    return std::max(report.survived * parameters_.growth, parameters_.least);
}

bool Paced_collection::should_start(const object::Collection_report& report) const
{
    return report.tight || report.exhausted || report.allocated >= allowance(report);
}

object::Work Paced_collection::owed(const object::Collection_report& report) const
{
    // An allocation sweeps what it needs itself, and what it has just swept is in the cache: as long as no quota waits
    // for what a sweep frees, that takes its time.
    auto const allowed = allowance(report);
    auto const lazy = report.phase == object::Phase::sweeping && report.headroom >= allowed * 4 && !report.exhausted;
    auto const least = lazy ? least_swept : least_owed;
    auto const all = (lazy ? report.unswept : report.expected) + least;
    // Twice what is proportionate, as the estimate is one, and others have to be done, too.
    auto const headroom = std::min(report.headroom, allowed);
    if (report.exhausted || headroom <= report.since_asked * 2)
        return all;
    return std::max(least, all * 2 * report.since_asked.value() / headroom.value());
}

} // namespace ovm::policy
