#pragma once

#include <atomic>
#include <cstdint>

#include "arch/crossing.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

/// Whether the crossing waits for a lock that another core holds.
bool waits_for_lock(const Core_window& window);

} // namespace ovm::arch

#define OVM_CAPABILITY(name) __attribute__((capability(name)))
#define OVM_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define OVM_GUARDED_BY(lock) __attribute__((guarded_by(lock)))
#define OVM_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define OVM_EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
#define OVM_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define OVM_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))

namespace ovm
{

/// The order in which locks may be taken on one core: only upwards. A lock of a rank that is held already, or lower,
/// is refused by contract.
enum class Rank : std::uint8_t
{
    machine,      ///< a VM's life cycle
    device,       ///< one platform device
    interrupt,    ///< PIC, IOAPIC: devices raise lines while they hold theirs
    guest_memory, ///< one VM's nested table
    terminal,     ///< one guest's console output
    scheduler,    ///< a policy of the machine
    clustered,    ///< one clustered object's representatives
    object_table, ///< its free entries
    heap,         ///< one node's object heap
    frame_stocks, ///< the representatives of cores' pages at hand
    frame_stock,  ///< one that several cores call
    frames,       ///< one node's frames
    log,          ///< the kept log
    console,      ///< the ring before one UART
    timer_group,  ///< timers that move together: arming is legal while holding any other
    timer,        ///< one core's timer queue
};
static_assert(static_cast<std::size_t>(Rank::timer) < arch::lock_ranks);

/// Spin lock of one object. Interrupts are off during a whole crossing, so nothing on this core can wait for it.
/// Invariant:   its core's window names it from before it is taken until after it is released, so that a discard by NMI
///              finds it in any moment between.
/// Concurrency: fair enough for short sections; every wait executes PAUSE. Taken through Lock_guard only.
class OVM_CAPABILITY("lock") Spin_lock
{
public:
    explicit constexpr Spin_lock(Rank rank) : rank_bit_(std::uint32_t{1} << static_cast<unsigned>(rank)), rank_(rank) {}
    Spin_lock(const Spin_lock&) = delete;
    Spin_lock& operator=(const Spin_lock&) = delete;

private:
    friend class Lock_guard;

    friend void arch::prepare_discard(const arch::Fault& fault);
    friend bool arch::waits_for_lock(const arch::Core_window& window);

    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

    /// For a crossing that is discarded: the scope that took the lock, or was about to, is gone.
    void abandon()
    {
        if (is_mine())
            owner_.store(nobody, std::memory_order_release);
    }
    bool is_mine() const { return owner_.load(std::memory_order_relaxed) == arch::this_core().value(); }

    void acquire() OVM_ACQUIRE()
    {
        auto& window = arch::core_window();
        OVM_REQUIRES_THAT(window.held_ranks < rank_bit_);
        window.held_locks[static_cast<std::size_t>(rank_)] = this;
        std::atomic_signal_fence(std::memory_order_seq_cst);
        window.held_ranks |= rank_bit_;
        std::atomic_signal_fence(std::memory_order_seq_cst);
        auto expected = nobody;
        while (!owner_.compare_exchange_weak(expected, window.core.value(), std::memory_order_acquire,
                                             std::memory_order_relaxed))
        {
            while (owner_.load(std::memory_order_relaxed) != nobody)
                arch::pause();
            expected = nobody;
        }
    }

    void release() OVM_RELEASE()
    {
        owner_.store(nobody, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        arch::core_window().held_ranks &= ~rank_bit_;
    }

    std::atomic<std::uint32_t> owner_{nobody}; ///< a core
    std::uint32_t rank_bit_;                   ///< of held_ranks: taking a lock is a comparison with it
    Rank rank_;
};

template <Rank rank>
class OVM_CAPABILITY("lock") Ranked_lock : public Spin_lock
{
public:
    constexpr Ranked_lock() : Spin_lock(rank) {}
};

/// Holds a lock for its scope.
class OVM_SCOPED_CAPABILITY Lock_guard
{
public:
    explicit Lock_guard(Spin_lock& lock) OVM_ACQUIRE(lock) : lock_(lock) { lock_.acquire(); }
    ~Lock_guard() OVM_RELEASE() { lock_.release(); }
    Lock_guard(const Lock_guard&) = delete;
    Lock_guard& operator=(const Lock_guard&) = delete;

private:
    Spin_lock& lock_;
};

} // namespace ovm
