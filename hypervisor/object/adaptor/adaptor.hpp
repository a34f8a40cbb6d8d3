#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/text.hpp"
#include "object/adaptor/history.hpp"
#include "object/adaptor/parameters.hpp"

namespace ovm::object
{

/// Holds the policy of one resource, and the factories of those that could take its place: the original design's object
/// adaptor. What is here is what a person and a swap need of it; the typed rest is Shared_adaptor and
/// Core_local_adaptor.
/// Invariant:   one policy is in charge at any time, or the gate is closed in a swap's few slices.
/// Concurrency: the phases by the swap that has begun, on its core; the looks from any core.
/// Lifetime:    as long as its resource; not destroyed while a swap is under way.
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

    virtual std::size_t policies() const = 0;
    virtual const Policy_description& description(std::size_t policy) const = 0;
    /// Error::not_found.
    Result<std::size_t> find(std::string_view policy) const;

    /// Claims the adaptor for one swap. False: another one is under way.
    bool claim() { return !claimed_.exchange(true, std::memory_order_acquire); }
    void disclaim() { claimed_.store(false, std::memory_order_release); }

    // The phases of a swap (tests/model/swap.pml), in this order. After a failure: roll_back(), until it is done.

    /// swap.pml, construct: makes the next policy. Error: nothing changed.
    virtual Result<> construct(std::size_t policy, const Parameters& parameters) = 0;
    /// Whether callers have to be kept out meanwhile. A core-local policy has no caller at its core's boundary.
    virtual bool has_gate() const = 0;
    /// swap.pml, close_gate: every core's references lead to the gate. The swap then waits for a grace period.
    virtual void close_gate() = 0;
    /// swap.pml, carry: export from the policy in charge, import into the next. Failed: error() says why.
    virtual Progress carry() = 0;
    /// swap.pml, publish: the next policy is in charge on every core, and the gate open.
    virtual void publish() = 0;
    /// swap.pml, roll_back: the policy that was in charge is so again, the gate is open and the next one gone.
    virtual Progress roll_back() = 0;
    /// swap.pml, retire: destroys the old policy. Requires a grace period since publish().
    virtual void retire() = 0;

    Error error() const { return error_; }
    std::uint32_t lost() const { return lost_; }
    /// A record's `lost` in words: `order, lag`.
    void write_loss(Text_writer& text, std::uint32_t lost) const;

    void record(const Swap_record& record) { history_.add(record); }
    /// The policy that is in charge from now on; the one before it counts as the last good one.
    void now_in_charge(std::size_t policy, const Parameters& parameters, Ticks now);

    /// To what to go back when the present policy breaks its contract.
    struct Good
    {
        std::size_t policy = 0;
        Parameters parameters{};
    };
    const std::optional<Good>& last_good() const { return last_good_; }
    /// When the policy in charge took over.
    Ticks since() const { return since_; }

protected:
    /// `losses` are the names of the bits of the family's `lost`, constant.
    Adaptor(std::string_view resource, std::span<const std::string_view> losses) : resource_(resource), losses_(losses)
    {
    }
    ~Adaptor() = default;

    void fail(Error error) { error_ = error; }
    void set_lost(std::uint32_t lost) { lost_ = lost; }

private:
    Text<40> resource_;
    std::span<const std::string_view> losses_;
    std::atomic<std::size_t> current_{0};
    std::atomic<bool> claimed_{false};
    Error error_ = Error::invalid;
    std::uint32_t lost_ = 0;
    Ticks since_{};
    bool in_charge_ = false; ///< any policy yet
    Parameters parameters_{};
    std::optional<Good> last_good_{};
    History history_{};
};

} // namespace ovm::object
