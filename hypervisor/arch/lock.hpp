#pragma once

#include <atomic>
#include <cstdint>

#include "arch/crossing.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"

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
    object_table, ///< its free entries
    heap,         ///< one node's object heap
    frames,       ///< one node's frames
    log,          ///< the kept log
    console,      ///< the ring before one UART
    timer,        ///< one core's timer queue: arming is legal while holding any other
};
static_assert(static_cast<std::size_t>(Rank::timer) < arch::lock_ranks);

/// Spin lock of one object. Interrupts are off during a whole crossing, so nothing on this core can wait for it.
/// Concurrency: fair enough for short sections; every wait executes PAUSE. Taken through Lock_guard only.
class OVM_CAPABILITY("lock") Spin_lock
{
public:
    explicit constexpr Spin_lock(Rank rank) : rank_(rank) {}
    Spin_lock(const Spin_lock&) = delete;
    Spin_lock& operator=(const Spin_lock&) = delete;

private:
    friend class Lock_guard;

    friend void arch::discard_crossing(const arch::Fault& fault);

    /// For a crossing that is discarded: the scope that took the lock is gone.
    void abandon() { taken_.store(false, std::memory_order_release); }

    void acquire() OVM_ACQUIRE()
    {
        auto& window = arch::core_window();
        OVM_REQUIRES_THAT((window.held_ranks >> static_cast<unsigned>(rank_)) == 0);
        while (taken_.exchange(true, std::memory_order_acquire))
        {
            while (taken_.load(std::memory_order_relaxed))
                arch::pause();
        }
        window.held_locks[static_cast<std::size_t>(rank_)] = this;
        window.held_ranks |= std::uint32_t{1} << static_cast<unsigned>(rank_);
    }

    void release() OVM_RELEASE()
    {
        arch::core_window().held_ranks &= ~(std::uint32_t{1} << static_cast<unsigned>(rank_));
        taken_.store(false, std::memory_order_release);
    }

    std::atomic<bool> taken_{false};
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
