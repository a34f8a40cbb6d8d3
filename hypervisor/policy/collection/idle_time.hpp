#pragma once

#include "object/collector/collection_policy.hpp"

namespace ovm::policy
{

/// Collects when a core has nothing else to do, in slices that keep nobody waiting: garbage goes soon, and crossings
/// stay short while guests run. A quota that falls short is served as Paced_collection serves it.
class Idle_time_collection final : public object::Collection_policy
{
public:
    struct Parameters
    {
        Bytes least{4096}; ///< allocated on a core before its idle time is used
        object::Work slice{24};

        static constexpr Bytes least_min{64};
        static constexpr Bytes least_max{16 << 20};
        static constexpr object::Work slice_min{8};
        static constexpr object::Work slice_max{96};
    };

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters);

    /// Requires check().
    explicit Idle_time_collection(const Parameters& parameters);

    bool should_start(const object::Collection_report& report) const override;
    object::Work owed(const object::Collection_report& report) const override;
    object::Work longest_slice() const override { return parameters_.slice; }

private:
    Parameters parameters_;
};

} // namespace ovm::policy
