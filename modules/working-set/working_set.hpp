#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "memory/population.hpp"
#include "object/module/module.hpp"

namespace ovm::modules
{

/// Learns from a VM's touches which parts of its memory are in use, its working set (Denning, 1968): each touch of a
/// region gives twice as many pages as the one before it, up to `most`, and a region beside a busy one begins with half
/// of what that one has earned. So what is used densely costs few exits, and a page that is touched alone comes alone.
/// Invariant:   a touch gives a block of at most `most` pages, aligned to its size, that holds the touched one.
/// Concurrency: that of its VM's memory.
/// State:       how often each region was touched. Of regions that share a place the last one is remembered.
class Working_set final : public memory::Population
{
public:
    static constexpr std::array<object::Parameter, 1> parameters{
        {{"most", object::Unit::number, most_given, 1, most_given,
          "pages that a touch gives at the most: 1, 2, 4, 8 or 16"}}};
    static constexpr object::Policy_description description{"working-set", "more where more was touched", parameters};

    /// Error::out_of_range: no power of two.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Working_set(object::Values values) : most_(static_cast<std::uint32_t>(values[0])) {}

    Result<Bytes> ahead(const memory::Population_progress& progress) override;
    Result<memory::Page_order> largest() override { return memory::small_order; }
    Result<memory::Neighbours> touched(Guest_physical page) override;
    Result<> export_state(memory::Population_state& state) override;
    Result<> import_state(memory::Population_state& state) override;

private:
    static constexpr std::size_t places = memory::Population_state::most_regions;

    OVM_CLASS_INVARIANT bool invariant() const { return std::has_single_bit(most_) && most_ <= most_given; }
    std::uint32_t touches_of(std::uint64_t region) const;
    std::uint32_t note_touch(std::uint64_t region);

    memory::Population_progress progress_{};
    std::array<memory::Touched_region, places> regions_{}; ///< a region's place is its number's remainder
    std::uint32_t most_;
};

} // namespace ovm::modules
