#pragma once

#include <algorithm>
#include <cstdint>

namespace ovm::interface
{

/// Paces a periodic interrupt. A tick that the guest could not take (its vcpu had no core, or the tick before still
/// waited) is kept and given again later, at most at twice the nominal rate, so that guests that count ticks stay
/// right and none is flooded. Each tick that still waits makes the next attempt later: who takes none costs little.
/// All times are in cycles of the device that owns it.
/// Invariant:   backlog_ <= most_kept; the next attempt is never closer than `closest` after the last.
/// Concurrency: under its device's lock.
class Tick_pacer
{
public:
    /// What is not delivered beyond this is lost.
    static constexpr std::uint64_t most_kept = 1024;

    /// `closest` bounds the rate at which a guest can make us work.
    explicit constexpr Tick_pacer(std::uint64_t closest) : closest_(closest) {}

    constexpr void start(std::uint64_t first, std::uint64_t period)
    {
        running_ = true;
        nominal_ = first;
        attempt_ = first;
        period_ = std::max<std::uint64_t>(period, 1);
        backlog_ = 0;
        patience_ = 0;
    }
    constexpr void stop() { running_ = false; }

    constexpr bool running() const { return running_; }
    constexpr std::uint64_t backlog() const { return backlog_; }
    /// When is_due() is to be asked next.
    constexpr std::uint64_t attempt() const { return attempt_; }

    /// The first tick after `now` is the next one; what was kept is lost, and the phase stays.
    constexpr void skip_to(std::uint64_t now)
    {
        if (now >= nominal_)
            nominal_ += ((now - nominal_) / period_ + 1) * period_;
        else
            nominal_ -= (nominal_ - now - 1) / period_ * period_;
        attempt_ = std::max(nominal_, earliest_);
        backlog_ = 0;
        patience_ = 0;
    }

    /// True when one tick is to be tried now; settle() then says whether it was taken.
    constexpr bool is_due(std::uint64_t now)
    {
        if (!running_ || now < attempt_)
            return false;
        if (now >= nominal_)
        {
            auto const due = (now - nominal_) / period_ + 1;
            nominal_ += due * period_;
            backlog_ = std::min(backlog_ + std::min(due, most_kept), most_kept);
        }
        return backlog_ != 0;
    }

    /// `taken` is false when the tick before still waits at the guest.
    constexpr void settle(std::uint64_t now, bool taken)
    {
        auto const half = std::max<std::uint64_t>(period_ / 2, 1);
        if (taken && backlog_ != 0)
            --backlog_;
        patience_ = taken ? 0 : std::min(std::max({half, closest_, patience_ * 2}), std::max(half, closest_ * 16));
        attempt_ = nominal_;
        if (backlog_ != 0)
            attempt_ = std::min(attempt_, now + half);
        earliest_ = now + closest_;
        attempt_ = std::max({attempt_, earliest_, now + patience_});
    }

private:
    std::uint64_t closest_;
    std::uint64_t earliest_ = 0; ///< no sooner, by the bound on the rate
    std::uint64_t patience_ = 0; ///< how long a refused tick waits
    bool running_ = false;
    std::uint64_t nominal_ = 0; ///< the first tick that is not yet counted
    std::uint64_t attempt_ = 0;
    std::uint64_t period_ = 1;
    std::uint64_t backlog_ = 0;
};

} // namespace ovm::interface
