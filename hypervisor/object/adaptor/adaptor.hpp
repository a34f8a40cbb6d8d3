#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "arch/at_hand.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/text.hpp"
#include "object/adaptor/factory.hpp"
#include "object/adaptor/history.hpp"
#include "object/adaptor/parameters.hpp"
#include "object/collector/traced.hpp"
#include "object/module/family.hpp"

namespace ovm::object
{

/// Who wants to know that another policy has taken over.
class Adaptor_observer
{
public:
    /// On the core where swaps run.
    virtual void policy_changed() = 0;

protected:
    ~Adaptor_observer() = default;
};

/// Holds the policy of one resource, and the factories of those that could take its place: the original design's object
/// adaptor. What is here is what a person and a swap need of it; the typed rest is Shared_adaptor and
/// Core_local_adaptor.
/// Invariant:   one policy is in charge at any time, or the gate is closed in a swap's few slices.
/// Concurrency: the phases by the swap that has begun, on its core; the looks from any core.
/// Lifetime:    as long as its resource; not destroyed while a swap is under way.
/// Failure:     a policy whose code faults is in charge no longer from then on (faulted()).
class Adaptor
{
public:
    enum class Progress : std::uint8_t
    {
        done,
        again,
        failed
    };

    Adaptor(const Adaptor&) = delete;
    Adaptor& operator=(const Adaptor&) = delete;

    /// The resource, as a person names it: `scheduler`, `population/debian1`.
    std::string_view resource() const { return resource_.view(); }
    const Policy_description& policy() const { return description(current_.load(std::memory_order_acquire)); }
    std::size_t current() const { return current_.load(std::memory_order_acquire); }
    /// Of the policy in charge. On the core where swaps run.
    const Parameters& parameters() const { return parameters_; }
    const History& history() const { return history_; }

    /// Tells one, which lives as long as this, from now on. On the core where swaps run.
    void observe(Adaptor_observer& observer) { observer_ = &observer; }

    /// The places of policies that could take charge; some may be empty.
    std::size_t policies() const { return size_; }
    bool has(std::size_t policy) const { return factories_[policy].load(std::memory_order_acquire) != nullptr; }
    /// Requires has(policy). From any core of the one in charge; else on the core where swaps run.
    const Policy_description& description(std::size_t policy) const { return factory(policy).description(); }
    /// Error::not_found.
    Result<std::size_t> find(std::string_view policy) const;

    /// Of a resource whose policies modules may provide.
    const std::optional<Family_id>& family() const { return family_; }
    void admit(Family_id family) { family_ = family; }
    /// One more policy that could take charge, a factory of this family's; answers its place. Error::full.
    /// On the core where swaps run.
    Result<std::size_t> offer(const Any_factory& factory);
    /// The policy cannot take charge any more, nor come back. On the core where swaps run.
    /// Requires that this is claimed and the policy is not in charge.
    void withdraw(std::size_t policy);
    /// Where a factory has its place. Nothing: it has none.
    std::optional<std::size_t> place_of(const Any_factory& factory) const;

    /// Claims the adaptor for one swap. False: another one is under way.
    bool claim() { return !claimed_.exchange(true, std::memory_order_acquire); }
    void disclaim() { claimed_.store(false, std::memory_order_release); }

    /// The references to policies that this holds: roots of the collector, each perhaps empty.
    virtual std::size_t slots() const = 0;
    virtual const Traced_reference& slot(std::size_t index) const = 0;

    // The phases of a swap (tests/model/swap.pml), in this order. After a failure: roll_back(), until it is done.

    /// swap.pml: construct_next. Error: nothing changed.
    virtual Result<> construct(std::size_t policy, const Parameters& parameters) = 0;
    /// Whether callers have to be kept out meanwhile. A core-local policy has no caller at its core's boundary.
    virtual bool has_gate() const = 0;
    /// swap.pml: close_gate: every core's references lead to the gate. The swap then waits for a grace period.
    virtual void close_gate() = 0;
    /// swap.pml: export_state, import_state: from the policy in charge to the next. Failed: error() says why.
    virtual Progress carry() = 0;
    /// swap.pml: publish_winner, open_gate: the next policy is in charge on every core.
    virtual void publish() = 0;
    /// swap.pml: publish_winner, open_gate, refuse: the policy that was in charge is so again, unless it has failed
    /// meanwhile, and the next one is gone.
    virtual Progress roll_back() = 0;
    /// swap.pml: retire_old. Requires a grace period since publish().
    virtual void retire() = 0;

    Error error() const { return error_; }
    std::uint32_t lost() const { return lost_; }
    /// A record's `lost` in words: `order, lag`.
    void write_loss(Text_writer& text, std::uint32_t lost) const;

    void record(const Swap_record& record) { history_.add(record); }
    /// swap.pml: commit: the policy that is in charge from now on. The one before it counts as the last good one,
    /// unless it failed. Before the policy is published: a fault from then on is its own.
    void now_in_charge(std::size_t policy, const Parameters& parameters, Ticks now);

    /// Whose fault a discarded crossing was.
    enum class Failed : std::uint8_t
    {
        in_charge, ///< the policy in charge: it is asked nothing any more, and Return finds another one
        next,      ///< the one that a swap wants: the swap fails
        either     ///< one of them, in an exchange: the swap fails, and one like that in charge takes its place there
    };
    /// A crossing of that core was discarded while a policy of this resource was at hand. From any core, in the
    /// crossing that mends it. What serves that core (a policy that only it calls) or all (one they share) afterwards,
    /// at once, is the family's: its stand-in, or its holder's last resort.
    virtual Failed faulted(Core_id core) = 0;
    /// After faulted() said whose it was: the module that provides that policy is in quarantine. Answers its name, or
    /// nothing when the policy is built in. `at` is the instruction that failed.
    std::string_view quarantine(Failed failed, std::uint64_t at) const;

    /// To what to go back when the present policy breaks its contract.
    struct Good
    {
        std::size_t policy = 0;
        Parameters parameters{};
    };
    const std::optional<Good>& last_good() const { return last_good_; }
    /// The policy before the present one.
    std::size_t previous() const { return previous_; }
    bool previous_failed() const { return previous_failed_; }
    /// When the policy in charge took over.
    Ticks since() const { return since_; }

    /// Return's: what is to be in charge, since what is has failed.
    enum class Wish : std::uint8_t
    {
        none,
        same,    ///< one like it, made anew
        other,   ///< the last good one, or the built-in one
        built_in ///< the last good one does not take over either
    };
    void wish_return(Wish wish)
    {
        if (wish == Wish::other)
            in_charge_failed_.store(true, std::memory_order_relaxed);
        wish_.store(wish, std::memory_order_release);
    }
    Wish wish() const { return wish_.load(std::memory_order_acquire); }
    Wish take_wish() { return wish_.exchange(Wish::none, std::memory_order_acq_rel); }

protected:
    /// `losses` are the names of the bits of the family's `lost`, constant.
    Adaptor(std::string_view resource, std::span<const std::string_view> losses) : resource_(resource), losses_(losses)
    {
    }
    ~Adaptor() = default;

    static constexpr std::size_t most_policies = 16;

    const Any_factory& factory(std::size_t policy) const
    {
        auto const* const found = factories_[policy].load(std::memory_order_acquire);
        OVM_REQUIRES_THAT(found != nullptr);
        return *found;
    }
    /// A swap wants that one; for as long as it is claimed.
    void set_wanted(std::size_t policy) { wanted_.store(policy, std::memory_order_release); }
    void fail(Error error) { error_ = error; }

    /// What a swap asks of the next policy, its construction included, so that a fault is that one's. The slice is
    /// repeated after one: Error::faulted then.
    template <typename Question>
    Result<> ask_next(Question&& question)
    {
        if (std::exchange(next_failed_, false))
            return Error::faulted;
        asks_next_.store(this_crossing(), std::memory_order_relaxed);
        Result<> answer{};
        {
            arch::At_hand const next(arch::core_window(), *this);
            answer = question();
        }
        asks_next_.store(0, std::memory_order_relaxed);
        return answer;
    }
    /// In faulted(): whether it was such a question that failed.
    bool next_faulted()
    {
        if (asks_next_.load(std::memory_order_relaxed) != this_crossing())
            return false;
        next_failed_ = true;
        return true;
    }
    void set_lost(std::uint32_t lost) { lost_ = lost; }

private:
    /// Not 0, and no other crossing's of any core.
    static std::uint64_t this_crossing()
    {
        auto const& window = arch::core_window();
        return window.epoch.load(std::memory_order_relaxed) * arch::max_cores + window.core.value() + 1;
    }

    Text<40> resource_;
    std::span<const std::string_view> losses_;
    std::array<std::atomic<const Any_factory*>, most_policies> factories_{};
    std::size_t size_ = 0; ///< places from there on were never taken
    std::optional<Family_id> family_{};
    std::atomic<std::size_t> current_{0};
    std::atomic<std::size_t> wanted_{0};
    std::atomic<bool> claimed_{false};
    std::atomic<Wish> wish_{Wish::none};
    std::atomic<std::uint64_t> asks_next_{0}; ///< the crossing in which the next policy was asked last
    bool next_failed_ = false;
    Error error_ = Error::invalid;
    std::uint32_t lost_ = 0;
    std::atomic<bool> in_charge_failed_{false};
    std::size_t previous_ = 0;
    bool previous_failed_ = false;
    Ticks since_{};
    bool in_charge_ = false; ///< any policy yet
    Parameters parameters_{};
    std::optional<Good> last_good_{};
    Adaptor_observer* observer_ = nullptr;
    History history_{};
};

} // namespace ovm::object
