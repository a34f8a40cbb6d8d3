#pragma once

#include "object/collector/collection_policy.hpp"

namespace ovm::policy
{

/// Collects when twice as much was allocated as lives, or a quota has used half of what the last collection left it;
/// then works in proportion to allocation, so that a collection ends when half of the rest is used (Baker, 1978). How
/// much larger than its live objects a quota has to be so that garbage never exhausts it:
/// docs/decisions/0012-pacing-the-collector.md.
class Paced_collection final : public object::Collection_policy
{
public:
    static constexpr std::uint64_t growth = 2;
    static constexpr Bytes least_allocated{256 * 1024}; ///< before a collection that no quota asks for
    static constexpr object::Work least_owed{32};       ///< for a crossing that allocates little or nothing
    static constexpr object::Work most_at_once{96};     ///< under 5,000 instructions

    bool should_start(const object::Collection_report& report) const override;
    object::Work owed(const object::Collection_report& report) const override;
    object::Work longest_slice() const override { return most_at_once; }
};

} // namespace ovm::policy
