#pragma once

#include <array>
#include <bit>
#include <cstddef>

#include "arch/lock.hpp"
#include "base/result.hpp"
#include "memory/frames.hpp"
#include "object/heap/owned.hpp"

namespace ovm::memory
{

/// Memory for the hypervisor's own objects: blocks of a power of two out of single frames, larger ones as frames.
/// Concurrency: lock_ for one allocation. Failure: Error::no_memory.
/// Lifetime:    frames of small blocks stay with the heap.
class Heap final : public object::Storage
{
public:
    Heap(Frame_allocator& frames, Node_id node) : frames_(frames), node_(node) {}
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    Result<Block> allocate(std::size_t size) override;
    void release(Block block, std::size_t size) override;

    /// Frames that this heap holds.
    Pages used() const;

private:
    static constexpr std::size_t smallest = 32;
    static constexpr std::size_t classes = 8; ///< 32 bytes to 4 KiB

    struct Free
    {
        Free* next = nullptr;
        Host_physical at{};
    };

    Frame_allocator& frames_;
    Node_id node_;
    mutable Ranked_lock<Rank::heap> lock_;
    std::array<Free*, classes> free_ OVM_GUARDED_BY(lock_){};
    std::uint64_t pages_ OVM_GUARDED_BY(lock_) = 0;
};

} // namespace ovm::memory
