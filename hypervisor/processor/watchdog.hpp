#pragma once

#include <cstdint>

#include "base/strong.hpp"
#include "processor/timer.hpp"

namespace ovm::processor
{

/// Looks whether the neighbour of its core comes out of its crossings: core i's is i + 1, the last one's core 0, so
/// that each is looked at once. One that has been in the same crossing for longer than `bound` is asked by NMI to end
/// it (arch/hang.hpp), again at every look until it has. Core 0 renews the last watch at its looks, which is over when
/// core 0 hangs: it ends hangs of all cores at once, and of a core alone, which has no neighbour.
/// Concurrency: its core; of the neighbour it reads the epoch.
class Watchdog final : private Timer
{
public:
    static constexpr Nanoseconds interval{500'000'000};
    static constexpr Nanoseconds bound{1'000'000'000};

    /// Looks by itself from now on, on the core that calls this, if there is anything to look at or to renew.
    void begin(Timer_service& timers);
    void look(Ticks now);

private:
    void fired(Ticks now) override;

    Timer_service* timers_ = nullptr;
    std::uint64_t seen_ = 0; ///< the neighbour's epoch at the last look
    Ticks since_{};          ///< when it was first seen
};

} // namespace ovm::processor
