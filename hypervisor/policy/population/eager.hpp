#pragma once

#include "policy/population/progress_keeper.hpp"

namespace ovm::policy
{

/// At once, in the largest pages: no fault later, no surprise when memory runs short, and fewest translations. The
/// built-in policy. Coming to a VM that runs, it gives the rest beside it, step by step.
/// Concurrency: as its base.
class Eager_population final : public Progress_keeper
{
public:
    struct Parameters
    {
        memory::Page_order largest = memory::huge_order; ///< one of the three page sizes
        Bytes step{128 * 1024};                          ///< cleared in one step: what fits into a crossing

        static constexpr Bytes step_max{2 * 1024 * 1024};
    };

    /// Error::out_of_range: a step that is not whole pages, at least one, at most step_max. Error::invalid: no such
    /// page size.
    static Result<> check(const Parameters& parameters);

    Eager_population() : Progress_keeper(true) {}
    /// Requires check().
    explicit Eager_population(const Parameters& parameters);

    Result<Bytes> ahead(const memory::Population_progress& progress) override;
    Result<memory::Page_order> largest() override { return parameters_.largest; }
    Result<memory::Neighbours> touched(Guest_physical) override { return memory::Neighbours{}; }

private:
    Parameters parameters_{};
};

} // namespace ovm::policy
