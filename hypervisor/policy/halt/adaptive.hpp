#pragma once

#include "base/strong.hpp"
#include "processor/halt.hpp"

namespace ovm::policy
{

/// Looks for a wake-up as long as it seems to pay, each vcpu by its own history: a halt that ended soon after its
/// window makes the window longer, one that took long makes it shorter; one that ended within it leaves it alone.
/// Invariant:   every window that it sets is 0, or from `start` to `max`.
/// Concurrency: any core; only the account is written.
class Adaptive_halt final : public processor::Halt
{
public:
    struct Parameters
    {
        Nanoseconds max{200'000};  ///< longest window; a halt that took longer shrinks it
        Nanoseconds start{10'000}; ///< the first window
        std::uint32_t grow = 2;    ///< how many times longer it gets
        std::uint32_t shrink = 2;  ///< how many times shorter; 0: none at all; 1: it stays

        static constexpr Nanoseconds max_max{1'000'000};
        static constexpr Nanoseconds start_min{1'000};
        static constexpr std::uint32_t grow_min = 2;
        static constexpr std::uint32_t factor_max = 16;
    };

    /// Error::out_of_range.
    static Result<> check(const Parameters& parameters);

    /// Requires check().
    explicit Adaptive_halt(const Parameters& parameters);

    Result<Ticks> poll(processor::Vcpu_identity vcpu, processor::Halt_account& account, Ticks now) override;
    Result<> woke(processor::Vcpu_identity vcpu, processor::Halt_account& account, Ticks slept,
                  bool was_polling) override;
    Result<> export_state(processor::Halt_state& state) override;
    Result<> import_state(processor::Halt_state& state) override;

private:
    Ticks grown(Ticks window) const;
    Ticks shrunk(Ticks window) const;

    Ticks max_;
    Ticks start_;
    std::uint32_t grow_;
    std::uint32_t shrink_;
    Ticks longest_; ///< window in any account: its own, and those that others left and it has not used yet
};

} // namespace ovm::policy
