#include "policy/paced_collection.hpp"

#include <algorithm>

namespace ovm::policy
{

bool Paced_collection::should_start(const object::Collection_report& report) const
{
    return report.tight || report.exhausted || report.allocated >= std::max(report.survived * growth, least_allocated);
}

object::Work Paced_collection::owed(const object::Collection_report& report) const
{
    // Twice what is proportionate, as the estimate is one, and others have to be done, too.
    auto const headroom = std::min(report.headroom, std::max(report.survived * growth, least_allocated));
    auto const all = report.expected + least_owed;
    if (report.exhausted || headroom <= report.since_asked * 2)
        return all;
    return std::max(least_owed, all * 2 * report.since_asked.value() / headroom.value());
}

} // namespace ovm::policy
