#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "base/weave.hpp"

namespace ovm::object
{

/// What happened on a core, as it is remembered.
struct Trace_entry
{
    Ticks when{};
    const weave::Join_point* where = nullptr;
    std::uint64_t number = 0; ///< what it is depends on where

    constexpr bool operator==(const Trace_entry&) const = default;
};

/// The latest events of one core.
/// Invariant:   entry n, counted from 0 for ever, is in cell n % capacity until entry n + capacity begins.
/// Concurrency: record() on its own core; the others read while it writes, and miss what is overwritten meanwhile.
///              A crossing that is discarded while it records leaves a cell that nobody reads.
/// Lifetime:    for ever: its core's window leads to it.
class Trace_ring final
{
public:
    static constexpr std::uint64_t capacity = 256;

    OVM_VERIFIED_INLINE void record(const Trace_entry& entry)
    {
        auto const number = recorded_.load(std::memory_order_relaxed);
        auto& cell = cells_[number % capacity];
        // A sequence lock for each cell: 0 while it changes, else the number of its entry and 1.
        cell.sequence.store(0, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        cell.when.store(entry.when.value(), std::memory_order_relaxed);
        cell.where.store(entry.where, std::memory_order_relaxed);
        cell.number.store(entry.number, std::memory_order_relaxed);
        cell.sequence.store(number + 1, std::memory_order_release);
        recorded_.store(number + 1, std::memory_order_release);
    }

    /// How many entries there ever were.
    OVM_VERIFIED_INLINE std::uint64_t recorded() const { return recorded_.load(std::memory_order_acquire); }

    /// Entry `number` < recorded(). Nothing: it is overwritten.
    OVM_VERIFIED_INLINE std::optional<Trace_entry> at(std::uint64_t number) const
    {
        auto const& cell = cells_[number % capacity];
        auto const before = cell.sequence.load(std::memory_order_acquire);
        Trace_entry const entry{.when = Ticks(cell.when.load(std::memory_order_relaxed)),
                                .where = cell.where.load(std::memory_order_relaxed),
                                .number = cell.number.load(std::memory_order_relaxed)};
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before != number + 1 || cell.sequence.load(std::memory_order_relaxed) != before)
            return std::nullopt;
        return entry;
    }

private:
    struct Cell
    {
        std::atomic<std::uint64_t> sequence{0};
        std::atomic<std::uint64_t> when{0};
        std::atomic<const weave::Join_point*> where{nullptr};
        std::atomic<std::uint64_t> number{0};
    };

    std::atomic<std::uint64_t> recorded_{0};
    std::array<Cell, capacity> cells_{};
};

} // namespace ovm::object
