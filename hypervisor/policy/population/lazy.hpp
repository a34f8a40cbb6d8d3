#pragma once

#include "policy/population/progress_keeper.hpp"

namespace ovm::policy
{

/// A few small pages when one of them is first touched: VMs that do not use their memory do not take it, and start at
/// once. Coming to a VM that another policy was filling, it leaves the rest to touches.
/// Concurrency: as its base.
class Lazy_population final : public Progress_keeper
{
public:
    struct Parameters
    {
        Pages around{1}; ///< pages that a touch gives: 1, 2 or 4

        static constexpr Pages around_max{4};
    };

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters);

    Lazy_population() : Progress_keeper(false) {}
    /// Requires check().
    explicit Lazy_population(const Parameters& parameters);

    Result<Bytes> ahead(const memory::Population_progress& progress) override;
    Result<memory::Page_order> largest() override { return memory::small_order; }
    Result<memory::Neighbours> touched(Guest_physical page) override
    {
        auto const around = parameters_.around.value();
        auto const before = static_cast<std::uint16_t>(page.value() / page_size.value() & (around - 1));
        return memory::Neighbours{.before = before, .behind = static_cast<std::uint16_t>(around - 1 - before)};
    }

private:
    Parameters parameters_{};
};

} // namespace ovm::policy
