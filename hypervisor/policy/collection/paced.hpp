#pragma once

#include "object/collector/collection_policy.hpp"

namespace ovm::policy
{

/// Collects when `growth` times as much was allocated as lives, or a quota has used half of what the last collection
/// left it; then works in proportion to allocation, so that a collection ends when half of the rest is used (Baker,
/// 1978). The built-in policy. How much larger than its live objects a quota has to be so that garbage never exhausts
/// it: docs/decisions/0012-pacing-the-collector.md.
class Paced_collection final : public object::Collection_policy
{
public:
    struct Parameters
    {
        std::uint64_t growth = 4;
        Bytes least{256 * 1024}; ///< allocated before a collection that no quota asks for

        static constexpr std::uint64_t growth_max = 16;
        static constexpr Bytes least_min{4096};
        static constexpr Bytes least_max{16 << 20};
    };
    static constexpr object::Work least_owed{32};   ///< for a crossing that allocates little or nothing
    static constexpr object::Work least_swept{6};   ///< the same in a sweep: an allocation sweeps what it needs itself
    static constexpr object::Work most_at_once{96}; ///< under 5,000 instructions

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters);

    Paced_collection() = default;
    /// Requires check().
    explicit Paced_collection(const Parameters& parameters);

    bool should_start(const object::Collection_report& report) const override;
    object::Work owed(const object::Collection_report& report) const override;
    object::Work longest_slice() const override { return most_at_once; }

private:
    Bytes allowance(const object::Collection_report& report) const;

    Parameters parameters_{};
};

} // namespace ovm::policy
