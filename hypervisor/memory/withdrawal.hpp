#pragma once

#include <atomic>
#include <cstdint>

#include "arch/lock.hpp"
#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "memory/guest_memory.hpp"

namespace ovm::memory
{

/// One that may still use translations of a VM's memory: a vcpu. Tags belong to (core, vcpu), so the vcpus are all.
class Translation_user
{
public:
    /// Leaves the guest and flushes before it enters again, or before anything else if it does not run; then
    /// Withdrawal::flushed() is told, once. From any core, inside or outside of the call.
    virtual void flush_translations() = 0;

protected:
    ~Translation_user() = default;
};

/// Takes pages away from a VM that runs. Emptied entries are visible to the next table walk at once, but a processor
/// may have walked before: so the frames go back only when every vcpu of the VM has left the guest and flushed.
/// Invariant:   a frame in pages_ is named by no entry, and no allocator has it yet.
/// Concurrency: take() and flush() by one core at a time; flushed() from any.
/// Failure:     Error::busy while a flush is under way; Error::no_memory when a large page cannot be split: what was
///              taken stays taken, and waits for flush().
class Withdrawal final
{
public:
    /// Pages of one round; more takes another one, so that each crossing stays short.
    static constexpr std::size_t capacity = 64;

    explicit Withdrawal(Guest_memory& memory) : memory_(memory) {}
    ~Withdrawal();
    Withdrawal(const Withdrawal&) = delete;
    Withdrawal& operator=(const Withdrawal&) = delete;

    /// Takes what is mapped in `range`, from its start, in whole pages; large pages that reach out of it are split.
    /// Answers where it stopped: the range's end, or earlier when the round is full.
    Result<Guest_physical> take(Range<Guest_physical> range);

    /// Asks every vcpu of the VM. Those that do not run are asked as well.
    Result<> flush(std::span<Translation_user* const> users);
    /// A vcpu that was asked has flushed. True for the last one: all frames went back.
    bool flushed();

    bool is_idle() const { return waiting_.load(std::memory_order_acquire) == 0; }

private:
    void give_all_back();

    Guest_memory& memory_;
    Static_vector<arch::Nested_leaf, capacity> pages_{};
    std::atomic<std::uint32_t> waiting_{0}; ///< vcpus that have not flushed yet, and one for flush() itself
};

} // namespace ovm::memory
