#pragma once

#include <atomic>
#include <cstdint>

#include "arch/processor.hpp"
#include "base/strong.hpp"

namespace ovm::processor
{

/// How much of a core was asked for over time: who lives there, who runs or waits, and the sums of both over time.
/// Invariant:   while version_ is even, all fields belong to one instant, since_.
/// Concurrency: change() by its core, which waits for nobody; read() by any, which gets values that belong together.
class Load_meter
{
public:
    /// Up to an instant; two of them show what was between.
    struct Reading
    {
        Ticks at{};
        Ticks busy{};   ///< while any vcpu ran or waited
        Ticks demand{}; ///< the same, added up over all of them
        std::uint32_t resident = 0;
        std::uint32_t runnable = 0;
    };

    void change(std::uint32_t resident, std::uint32_t runnable, Ticks now)
    {
        auto const next = up_to(now);
        auto const version = version_.load(std::memory_order_relaxed);
        version_.store(version + 1, std::memory_order_relaxed);
        since_.store(next.at.value(), std::memory_order_release);
        busy_.store(next.busy.value(), std::memory_order_release);
        demand_.store(next.demand.value(), std::memory_order_release);
        resident_.store(resident, std::memory_order_release);
        runnable_.store(runnable, std::memory_order_release);
        version_.store(version + 2, std::memory_order_release);
    }

    Reading read(Ticks now) const
    {
        for (;;)
        {
            auto const before = version_.load(std::memory_order_acquire);
            auto const reading = up_to(now);
            // Each load above acquires, so this one comes after them all.
            if ((before & 1) == 0 && version_.load(std::memory_order_relaxed) == before)
                return reading;
            arch::pause();
        }
    }

private:
    Reading up_to(Ticks now) const
    {
        Ticks const since(since_.load(std::memory_order_acquire));
        auto const runnable = runnable_.load(std::memory_order_acquire);
        // Another core may have changed it a moment after `now`.
        auto const passed = now > since ? now - since : Ticks(0);
        return {.at = since + passed,
                .busy = Ticks(busy_.load(std::memory_order_acquire)) + (runnable != 0 ? passed : Ticks(0)),
                .demand = Ticks(demand_.load(std::memory_order_acquire) + passed.value() * runnable),
                .resident = resident_.load(std::memory_order_acquire),
                .runnable = runnable};
    }

    std::atomic<std::uint64_t> version_{0}; ///< odd: being changed
    std::atomic<std::uint64_t> since_{0};
    std::atomic<std::uint64_t> busy_{0};
    std::atomic<std::uint64_t> demand_{0};
    std::atomic<std::uint32_t> resident_{0};
    std::atomic<std::uint32_t> runnable_{0};
};

} // namespace ovm::processor
