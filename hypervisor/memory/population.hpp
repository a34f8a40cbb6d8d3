#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/contract.hpp"
#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "memory/page_order.hpp"
#include "object/module/family.hpp"

namespace ovm::memory
{

/// How far a VM has been given its memory.
struct Population_progress
{
    Guest_physical cursor{}; ///< up to here all was given once
    Guest_physical end{};    ///< where RAM ends
    Pages given{};           ///< of RAM, those beyond the cursor that were touched included
    Pages total{};           ///< of RAM

    constexpr bool is_complete() const { return cursor >= end; }

    constexpr bool operator==(const Population_progress&) const = default;
};

/// What a touch gives beside the page that was touched: so many pages of 4 KiB right before it and right behind it.
struct Neighbours
{
    std::uint16_t before = 0;
    std::uint16_t behind = 0;

    constexpr bool operator==(const Neighbours&) const = default;
};

/// A part of a VM's memory that was touched of late, and how often.
struct Touched_region
{
    static constexpr std::uint64_t pages = 64;
    static constexpr std::uint32_t most_touches = 64;

    std::uint64_t number = 0;  ///< of its first page, divided by `pages`
    std::uint32_t touches = 0; ///< 0: it is none

    constexpr bool operator==(const Touched_region&) const = default;
};

/// What a population policy leaves to the next one. The pages themselves are the VM's, and stay.
struct Population_state
{
    static constexpr std::size_t most_regions = 64;

    enum Loss : std::uint32_t
    {
        none = 0,
        /// The next policy leaves to touches what this one would have given ahead of them.
        rest OVM_LOST("the rest is left to touches") = 1,
        /// The next policy does not look at it.
        learned OVM_LOST("what was learned of touches") = 2,
    };
    OVM_LOSSES

    Population_progress progress{}; ///< as the policy was told last
    bool ahead = false;             ///< it would have given more without being touched
    /// What it learned of touches, each region once.
    std::array<Touched_region, most_regions> regions{};
    std::uint32_t lost = none;
};

/// Policy of one VM: when it is given its memory, and in which pages.
/// Concurrency: one caller at a time, whoever holds the lock of the VM's memory.
/// Failure:     Error::busy: the policy is being replaced. A touch is answered all the same.
class OVM_FAMILY Population
{
public:
    using State = Population_state;
    class Stand_in;
    template <typename Way>
    class Forwarder;

    /// How much to give now, ahead of touches, in one step; 0: nothing, the rest is left to them. A VM starts when it
    /// is 0.
    virtual Result<Bytes> ahead(const Population_progress& progress) = 0;
    OVM_CONTRACT Result<Bytes> contract_of_ahead(const Population_progress& progress)
    {
        OVM_MODIFIES(*this);
        return OVM_RESULT(ahead(progress));
    }
    /// The largest page to try when memory is given ahead; smaller ones are taken where it does not fit.
    virtual Result<Page_order> largest() = 0;
    OVM_CONTRACT Result<Page_order> contract_of_largest()
    {
        OVM_MODIFIES(*this);
        auto const order = OVM_RESULT(largest());
        OVM_ENSURES(!order.has_value() || *order <= huge_order);
        return order;
    }
    /// A page that is not there was touched: which ones it gets beside that one, where there is RAM and they are not
    /// there yet. Together less than most_given pages: clearing more would make the crossing too long.
    virtual Result<Neighbours> touched(Guest_physical page) = 0;
    static constexpr std::uint32_t most_given = 16;
    OVM_CONTRACT Result<Neighbours> contract_of_touched(Guest_physical page)
    {
        OVM_MODIFIES(*this);
        auto const given = OVM_RESULT(touched(page));
        OVM_ENSURES(!given.has_value() || (given->before < most_given && given->behind < most_given - given->before));
        return given;
    }

    /// It may be asked to go on afterwards, as if nothing had been.
    virtual Result<> export_state(Population_state& state) = 0;
    OVM_CONTRACT Result<> contract_of_export_state(Population_state& state)
    {
        OVM_MODIFIES(*this, state);
        auto const lost = OVM_OLD(state.lost);
        auto const done = OVM_RESULT(export_state(state));
        OVM_ENSURES((state.lost & lost) == lost && (done.has_value() || state.lost == lost));
        return done;
    }
    /// Called once, on a new policy, first; adds to `lost` what it cannot keep.
    virtual Result<> import_state(Population_state& state) = 0;
    OVM_CONTRACT Result<> contract_of_import_state(Population_state& state)
    {
        OVM_MODIFIES(*this, state.lost);
        auto const lost = OVM_OLD(state.lost);
        auto const done = OVM_RESULT(import_state(state));
        OVM_ENSURES((state.lost & lost) == lost && (done.has_value() || state.lost == lost));
        return done;
    }

protected:
    ~Population() = default;
};

} // namespace ovm::memory

#include "memory/population.generated.hpp"

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<ovm::memory::Population> =
    ovm::object::Family_id::population;
