#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/contract.hpp"
#include "base/generate.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "object/module/family.hpp"
#include "processor/vcpu_identity.hpp"

namespace ovm::processor
{

/// The canonical account of one vcpu: what halt policies know of it. The vcpu owns it and it outlives every policy; a
/// policy that has no use for a field leaves it as it is, so that A to B to A brings it back.
/// Concurrency: the vcpu's home core only, so that no halt touches another core's cache line.
struct Halt_account
{
    Ticks window{};          ///< how long its core should look for a wake-up the next time
    std::uint64_t polls = 0; ///< how often its core did
    std::uint64_t hits = 0;  ///< how often the wake-up came meanwhile

    constexpr bool operator==(const Halt_account&) const = default;
};

/// What a halt policy leaves to the next one, beside the accounts of the vcpus themselves.
struct Halt_state
{
    enum Loss : std::uint32_t
    {
        none = 0,
        /// They are cut when the next policy uses them.
        window OVM_LOST("windows longer than the next policy allows") = 1,
    };
    OVM_LOSSES

    Ticks longest{}; ///< no account's window is longer
    std::uint32_t lost = none;
};

/// The policy that decides what a core with nothing to run does when a vcpu halts: sleep at once, or look for its
/// wake-up for a while, which answers sooner but burns the core's time.
/// Concurrency: any core, each with accounts of its own vcpus.
/// Failure:     Error::busy: the policy is being replaced; the core sleeps at once.
class OVM_FAMILY Halt
{
public:
    using State = Halt_state;
    class Stand_in;
    template <typename Way>
    class Forwarder;

    /// The vcpu halted: how long its core may look for a wake-up before it sleeps; 0: not at all.
    virtual Result<Ticks> poll(Vcpu_identity vcpu, Halt_account& account, Ticks now) = 0;
    OVM_CONTRACT Result<Ticks> contract_of_poll(Vcpu_identity vcpu, Halt_account& account, Ticks now)
    {
        OVM_MODIFIES(*this, account);
        auto const polls = OVM_OLD(account.polls);
        auto const hits = OVM_OLD(account.hits);
        auto const window = OVM_RESULT(poll(vcpu, account, now));
        OVM_ENSURES(account.polls >= polls && account.hits == hits);
        OVM_ENSURES(!window.has_value() || *window < end_of_time);
        return window;
    }
    /// It woke, so long after it halted, and whether its core still looked for it.
    virtual Result<> woke(Vcpu_identity vcpu, Halt_account& account, Ticks slept, bool was_polling) = 0;
    OVM_CONTRACT Result<> contract_of_woke(Vcpu_identity vcpu, Halt_account& account, Ticks slept, bool was_polling)
    {
        OVM_MODIFIES(*this, account);
        auto const polls = OVM_OLD(account.polls);
        auto const hits = OVM_OLD(account.hits);
        auto const done = OVM_RESULT(woke(vcpu, account, slept, was_polling));
        OVM_ENSURES(account.polls == polls && (account.hits == hits || (was_polling && account.hits == hits + 1)));
        OVM_ENSURES(done.has_value() || account.hits == hits);
        return done;
    }

    /// It may be asked to go on afterwards, as if nothing had been.
    virtual Result<> export_state(Halt_state& state) = 0;
    OVM_CONTRACT Result<> contract_of_export_state(Halt_state& state)
    {
        OVM_MODIFIES(*this, state);
        auto const lost = OVM_OLD(state.lost);
        auto const done = OVM_RESULT(export_state(state));
        OVM_ENSURES((state.lost & lost) == lost && (done.has_value() || state.lost == lost));
        return done;
    }
    /// Called once, on a new policy, first; adds to `lost` what it cannot keep.
    virtual Result<> import_state(Halt_state& state) = 0;
    OVM_CONTRACT Result<> contract_of_import_state(Halt_state& state)
    {
        OVM_MODIFIES(*this, state.lost);
        auto const lost = OVM_OLD(state.lost);
        auto const done = OVM_RESULT(import_state(state));
        OVM_ENSURES((state.lost & lost) == lost && (done.has_value() || state.lost == lost));
        return done;
    }

protected:
    ~Halt() = default;
};

} // namespace ovm::processor

#include "processor/halt.generated.hpp"

template <>
inline constexpr ovm::object::Family_id ovm::object::family_id<ovm::processor::Halt> = ovm::object::Family_id::halt;
