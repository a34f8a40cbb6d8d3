#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "base/strong.hpp"

namespace ovm::object
{

/// How much an owner's (a VM's) objects may take together: charged at allocation, credited when a sweep frees them.
/// Each core keeps some of it at hand, so that cores do not meet in the counter; what a core has at hand is out of the
/// others' reach, at_hand() each at most: 8 KiB, and more of a large quota.
/// Concurrency: charge and credit by each core for itself, without a lock; the rest from any core.
/// Lifetime:    outlives its objects: is_unused() again.
class Quota
{
public:
    static constexpr std::int64_t least_portion = 4096;
    static constexpr std::int64_t most_portion = 4 * least_portion;

    explicit Quota(Bytes limit)
        : limit_(static_cast<std::int64_t>(limit.value())),
          portion_(std::clamp(limit_ / 1024, least_portion, most_portion)), left_(limit_), left_then_(limit_)
    {
    }
    Quota(const Quota&) = delete;
    Quota& operator=(const Quota&) = delete;

    /// False when the core has too little at hand: fetch().
    bool charge(Core_id core, std::int64_t bytes)
    {
        auto& cell = cells_[core.value()].bytes;
        auto const left = cell.load(std::memory_order_relaxed) - bytes;
        if (left < 0) [[unlikely]]
            return false;
        cell.store(left, std::memory_order_relaxed);
        return true;
    }
    void credit(Core_id core, std::int64_t bytes)
    {
        auto& cell = cells_[core.value()].bytes;
        auto const now = cell.load(std::memory_order_relaxed) + bytes;
        auto const keep = wanted_.load(std::memory_order_relaxed) ? 0 : portion_;
        if (now > 2 * keep) [[unlikely]]
        {
            left_.fetch_add(now - keep, std::memory_order_relaxed);
            cell.store(keep, std::memory_order_relaxed);
            return;
        }
        cell.store(now, std::memory_order_relaxed);
    }
    /// Gets the core enough at hand for `bytes`. False when the quota is exhausted: from then on cores keep nothing at
    /// hand that they free, until a fetch succeeds with a portion to spare.
    bool fetch(Core_id core, std::int64_t bytes);

    /// What a core keeps at hand at most.
    Bytes at_hand() const { return Bytes(static_cast<std::uint64_t>(2 * portion_)); }
    Bytes limit() const { return Bytes(static_cast<std::uint64_t>(limit_)); }
    /// Held by objects, garbage that is not swept yet included. Exact while no core charges.
    Bytes used() const;
    bool is_unused() const { return used() == Bytes{}; }
    /// What can still be fetched.
    Bytes left() const;
    /// Half of what was left when collection `cycle` ended is gone (asked for the first time in it, it is noted).
    bool is_tight(std::uint64_t cycle);

private:
    struct alignas(64) Cell
    {
        std::atomic<std::int64_t> bytes{0};
    };

    std::int64_t limit_;
    std::int64_t portion_; ///< what a core fetches
    std::array<Cell, arch::max_cores> cells_{};
    alignas(64) std::atomic<std::int64_t> left_;
    std::atomic<std::int64_t> left_then_;
    std::atomic<std::uint64_t> noted_cycle_{0};
    std::atomic<bool> wanted_{false};
};

} // namespace ovm::object
