#pragma once

#include <bit>
#include <cstdint>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "memory/page_order.hpp"
#include "object/module/family.hpp"

namespace ovm::memory
{

template <Error answer>
class Population_stand_in;

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

/// What a population policy leaves to the next one. The pages themselves are the VM's, and stay.
struct Population_state
{
    enum Loss : std::uint32_t
    {
        none = 0,
        rest = 1, ///< the next policy leaves to touches what this one would have given ahead of them
    };

    Population_progress progress{}; ///< as the policy was told last
    bool ahead = false;             ///< it would have given more without being touched
    std::uint32_t lost = none;
};

/// Policy of one VM: when it is given its memory, and in which pages.
/// Concurrency: any core; ahead() by one at a time.
/// Failure:     Error::busy: the policy is being replaced. A touch is answered all the same.
class Population
{
public:
    using State = Population_state;
    using Gate = Population_stand_in<Error::busy>;
    using Gone = Population_stand_in<Error::gone>;

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
    /// How many pages of 4 KiB a touch gives, a power of two: those around it, where they are not there yet. Few:
    /// clearing more would make the crossing too long.
    virtual Result<Pages> around_touch() = 0;
    OVM_CONTRACT Result<Pages> contract_of_around_touch()
    {
        OVM_MODIFIES(*this);
        auto const pages = OVM_RESULT(around_touch());
        OVM_ENSURES(!pages.has_value() || std::has_single_bit(pages->value()));
        return pages;
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

/// Stands where a policy stood: `answer` to everything. Concurrency: any core.
template <Error answer>
class Population_stand_in final : public Population
{
public:
    Result<Bytes> ahead(const Population_progress&) override { return answer; }
    Result<Page_order> largest() override { return answer; }
    Result<Pages> around_touch() override { return answer; }
    Result<> export_state(Population_state&) override { return answer; }
    Result<> import_state(Population_state&) override { return answer; }
};

} // namespace ovm::memory

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<ovm::memory::Population> =
    ovm::object::Family_id::population;
