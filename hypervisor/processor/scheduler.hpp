#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/contract.hpp"
#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/module/family.hpp"
#include "processor/residents.hpp"
#include "processor/schedulable.hpp"

namespace ovm::processor
{

/// What a scheduler leaves to the next one, beside the accounts of the vcpus themselves.
struct Scheduler_state
{
    /// Knowledge that the canonical accounts cannot hold: the swap's record names it.
    enum Loss : std::uint32_t
    {
        none = 0,
        order OVM_LOST("order among equals") = 1,                  ///< who would have come next
        lag OVM_LOST("lag beyond the account's") = 2,              ///< clipped to what the account can say
        reservation OVM_LOST("reservations are not enforced") = 4, ///< a budget, by the next policy
    };
    OVM_LOSSES

    const Residents& vcpus; ///< all that live on the core, runnable() or not
    Ticks now{};
    Schedulable* current = nullptr; ///< whom the last choice named, if it is still runnable
    Schedulable* next = nullptr;    ///< whom the outgoing policy would have named after it: a hint, or none
    std::uint32_t lost = none;
};

/// The policy that decides which vcpu runs: one core's representative of it.
/// Invariant:   it knows exactly the vcpus that live on its core, and which are runnable, the running one included.
/// Concurrency: its own core only, inside a crossing.
/// Contracts:   what a policy itself knows of a vcpu cannot be said here; leave(), wake() and block() are checked by
/// it.
class OVM_FAMILY Scheduler
{
public:
    template <typename Way>
    class Forwarder;
    struct Choice
    {
        Schedulable* next = nullptr;  ///< none: nothing is runnable
        std::optional<Ticks> until{}; ///< choose again at this time at the latest
    };

    /// It lives on this core from now on, not runnable yet. Error::denied: its reservation does not fit beside the
    /// others'; Error::invalid: its parameters make no sense. Nothing changed then.
    virtual Result<> admit(Schedulable& vcpu, Ticks now) = 0;
    OVM_CONTRACT Result<> contract_of_admit(Schedulable& vcpu, Ticks now)
    {
        OVM_MODIFIES(*this, vcpu);
        auto const ran = OVM_OLD(vcpu.account().ran);
        auto const done = OVM_RESULT(admit(vcpu, now));
        OVM_ENSURES(done.has_value() || vcpu.account().ran == ran);
        return done;
    }
    /// It lives here no longer. Requires that it is not runnable.
    virtual void leave(Schedulable& vcpu, Ticks now) = 0;
    /// It became runnable; the core chooses again before it runs anybody.
    virtual void wake(Schedulable& vcpu, Ticks now) = 0;
    /// It is no longer runnable: it halted or was stopped, while it ran or not.
    virtual void block(Schedulable& vcpu, Ticks now) = 0;
    /// Who runs from now on; whom the last choice named has run until now, if it was not blocked since.
    virtual Choice choose(Ticks now) = 0;
    OVM_CONTRACT Choice contract_of_choose(Ticks now)
    {
        OVM_REQUIRES_THAT(now < end_of_time);
        auto const choice = OVM_RESULT(choose(now));
        OVM_ENSURES(!choice.until.has_value() || *choice.until >= now);
        return choice;
    }

    /// Writes what it knows into every vcpu's account. It may be asked to go on afterwards, as if nothing had been.
    virtual Result<> export_state(Scheduler_state& state) = 0;
    OVM_CONTRACT Result<> contract_of_export_state(Scheduler_state& state)
    {
        auto const lost = OVM_OLD(state.lost);
        auto const done = OVM_RESULT(export_state(state));
        OVM_ENSURES((state.lost & lost) == lost && (done.has_value() || state.lost == lost));
        return done;
    }
    /// Takes over all vcpus of the state from their accounts. Called once, on a new scheduler, first.
    /// An error as admit() gives it: accounts and places are unchanged then, so that the outgoing policy may go on.
    virtual Result<> import_state(Scheduler_state& state) = 0;

protected:
    ~Scheduler() = default;
};

} // namespace ovm::processor

#include "processor/scheduler.generated.hpp"

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<ovm::processor::Scheduler> =
    ovm::object::Family_id::scheduler;
