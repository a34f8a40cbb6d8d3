#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/contract.hpp"
#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/module/family.hpp"
#include "processor/vcpu_identity.hpp"

namespace ovm::processor
{

/// Cores are 0 to most_cores - 1.
inline constexpr std::uint32_t most_cores = 64;

/// How busy a core was of late, as whoever asks for a decision measured it.
struct Core_load
{
    Node_id node{};
    std::uint32_t resident = 0;      ///< vcpus that live there
    std::uint32_t runnable = 0;      ///< of these: run or wait for the core
    std::uint32_t busy_permille = 0; ///< share of the time in which it ran any
};

/// A vcpu that had better live elsewhere.
struct Move
{
    Vcpu_identity vcpu{};
    Core_id from{};
    Core_id to{};

    constexpr bool operator==(const Move&) const = default;
};

/// What a placement leaves to the next one: where every vcpu lives.
struct Placement_state
{
    enum Loss : std::uint32_t
    {
        none = 0, ///< all placements keep all of it so far
    };

    /// A core, or nowhere. In one byte, nowhere is 0, and no constructor: thousands of them are cleared at once.
    struct Home
    {
        std::uint8_t number; ///< the core's and one more

        static constexpr Home at(Core_id core) { return {static_cast<std::uint8_t>(core.value() + 1)}; }
        constexpr bool is_nowhere() const { return number == 0; }
        /// Requires that it is not nowhere.
        constexpr Core_id core() const
        {
            OVM_REQUIRES_THAT(!is_nowhere());
            return Core_id(number - 1u);
        }
        constexpr bool operator==(const Home&) const = default;
    };

    /// How many vcpus of VM v have a home: vcpus[v - 1]. Where it is 0, the VM's homes mean nothing.
    std::array<std::uint8_t, most_vms> vcpus{};
    /// The core of vcpu i of VM v: homes[v - 1][i].
    std::array<std::array<Home, most_vcpus>, most_vms> homes{};
    Ticks moved_at{};           ///< when a move was decided last
    std::uint32_t searched = 0; ///< the VM at which the search for the next one to move goes on, from 0
    std::uint32_t lost = none;
};

/// The policy that decides on which core a vcpu lives: when it is made, and later when loads have changed.
/// Invariant:   it knows where every vcpu lives that was placed and did not leave.
/// Concurrency: one caller at a time: VMs are placed and moved by jobs of core 0.
/// Failure:     Error::busy: the policy is being replaced; nothing changed, to be tried again.
class OVM_FAMILY Placement
{
public:
    using State = Placement_state;
    class Stand_in;
    template <typename Way>
    class Forwarder;

    /// A home for one more vcpu; `near` is a wish, `loads` are those of cores 0, 1, ... all that there are, as they
    /// were when rebalance() was asked last. Error::exists: it has one. Error::out_of_range: no such vcpu.
    virtual Result<Core_id> place(Vcpu_identity vcpu, std::optional<Node_id> near,
                                  std::span<const Core_load> loads) = 0;
    OVM_CONTRACT Result<Core_id> contract_of_place(Vcpu_identity vcpu, std::optional<Node_id> near,
                                                   std::span<const Core_load> loads)
    {
        OVM_MODIFIES(*this);
        auto const core = OVM_RESULT(place(vcpu, near, loads));
        OVM_ENSURES(!core.has_value() || core->value() < loads.size());
        return core;
    }
    /// It is gone, or was never made after all. Error::not_found: it had no home.
    virtual Result<> leave(Vcpu_identity vcpu) = 0;
    OVM_CONTRACT Result<> contract_of_leave(Vcpu_identity vcpu)
    {
        OVM_MODIFIES(*this);
        return OVM_RESULT(leave(vcpu));
    }
    /// It lives there now: whoever asked for a decision has carried it out. Error::not_found; Error::out_of_range.
    virtual Result<> moved(Vcpu_identity vcpu, Core_id to) = 0;
    OVM_CONTRACT Result<> contract_of_moved(Vcpu_identity vcpu, Core_id to)
    {
        OVM_MODIFIES(*this);
        return OVM_RESULT(moved(vcpu, to));
    }
    /// One vcpu to be moved now, if any; whoever cannot move it forgets it. `loads` are those of cores 0, 1, ... all
    /// that there are (Error::invalid). It looks at a part of the VMs only, so that a crossing stays short: to be asked
    /// again and again.
    virtual Result<std::optional<Move>> rebalance(std::span<const Core_load> loads, Ticks now) = 0;
    OVM_CONTRACT Result<std::optional<Move>> contract_of_rebalance(std::span<const Core_load> loads, Ticks now)
    {
        OVM_MODIFIES(*this);
        auto const move = OVM_RESULT(rebalance(loads, now));
        OVM_ENSURES(!move.has_value() || !move->has_value() ||
                    ((*move)->from != (*move)->to && (*move)->from.value() < loads.size() &&
                     (*move)->to.value() < loads.size()));
        return move;
    }
    /// How often rebalance() is worth asking; nothing: it never moves anybody, so that nobody need measure loads.
    virtual Result<std::optional<Nanoseconds>> pace() = 0;

    /// It may be asked to go on afterwards, as if nothing had been.
    virtual Result<> export_state(Placement_state& state) = 0;
    /// Called once, on a new policy, first; adds to `lost` what it cannot keep. Error::invalid: a core that this
    /// machine lacks.
    virtual Result<> import_state(Placement_state& state) = 0;

protected:
    ~Placement() = default;
};

} // namespace ovm::processor

#include "processor/placement.generated.hpp"

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<ovm::processor::Placement> =
    ovm::object::Family_id::placement;
