#include "object/collector/quota.hpp"

namespace ovm::object
{

bool Quota::fetch(Core_id core, std::int64_t bytes)
{
    auto& cell = cells_[core.value()].bytes;
    auto const here = cell.load(std::memory_order_relaxed);
    auto left = left_.load(std::memory_order_relaxed);
    for (;;)
    {
        auto const least = bytes - here;
        if (left < least)
        {
            wanted_.store(true, std::memory_order_relaxed);
            return false;
        }
        auto const amount = left - least >= portion_ ? least + portion_ : least;
        if (left_.compare_exchange_weak(left, left - amount, std::memory_order_relaxed))
        {
            if (amount != least && wanted_.load(std::memory_order_relaxed))
                wanted_.store(false, std::memory_order_relaxed);
            cell.store(here + amount, std::memory_order_relaxed);
            return true;
        }
    }
}

Bytes Quota::used() const
{
    auto used = limit_ - left_.load(std::memory_order_relaxed);
    for (auto const& cell : cells_)
        used -= cell.bytes.load(std::memory_order_relaxed);
    return Bytes(used < 0 ? 0 : static_cast<std::uint64_t>(used));
}

Bytes Quota::left() const
{
    auto const left = left_.load(std::memory_order_relaxed);
    return Bytes(left < 0 ? 0 : static_cast<std::uint64_t>(left));
}

bool Quota::is_tight(std::uint64_t cycle)
{
    auto const left = left_.load(std::memory_order_relaxed);
    if (noted_cycle_.load(std::memory_order_relaxed) != cycle &&
        noted_cycle_.exchange(cycle, std::memory_order_relaxed) != cycle)
        left_then_.store(left, std::memory_order_relaxed);
    return left < left_then_.load(std::memory_order_relaxed) / 2;
}

} // namespace ovm::object
