#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arch/core_window.hpp"
#include "arch/processor.hpp"

/// Epochs: when has every core let go of what it may have loaded before? (tests/model/epochs.pml)
namespace ovm::object
{

/// epochs.pml: announce_entry, entry_fence: before the crossing's first load of a reference, with a full fence.
inline void announce_crossing(arch::Core_window& window)
{
    window.epoch.fetch_add(1, std::memory_order_seq_cst);
}

/// epochs.pml: announce_exit: the crossing holds no reference any more; the core enters a guest or sleeps.
inline void end_crossing(arch::Core_window& window)
{
    window.epoch.store(window.epoch.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

constexpr bool is_quiescent(std::uint64_t epoch)
{
    return (epoch & 1) == 0;
}

/// The time until each core has ended the crossing in which it was at the beginning.
/// Concurrency: one core at a time; nothing waits inside of a crossing: over() is asked in later ones.
class Grace_period
{
public:
    /// epochs.pml: initiator_fence, sample_epochs: what was unpublished before is reached by no crossing that announces
    /// itself afterwards.
    void begin()
    {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        cores_ = arch::core_count();
        for (std::uint32_t core = 0; core < cores_; ++core)
            seen_[core] = arch::core_window_of(Core_id(core)).epoch.load(std::memory_order_acquire);
    }

    /// epochs.pml: poll_epoch: each core is quiescent or has moved on.
    bool over()
    {
        while (cores_ != 0)
        {
            auto const last = cores_ - 1;
            auto const now = arch::core_window_of(Core_id(last)).epoch.load(std::memory_order_acquire);
            if (!is_quiescent(seen_[last]) && now == seen_[last])
                return false;
            --cores_;
        }
        return true;
    }

private:
    std::uint32_t cores_ = 0; ///< those below it are not known to have moved on
    std::array<std::uint64_t, arch::max_cores> seen_{};
};

} // namespace ovm::object
