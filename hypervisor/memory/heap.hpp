#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "arch/lock.hpp"
#include "base/result.hpp"
#include "memory/frames.hpp"

namespace ovm::memory
{

/// Memory for the hypervisor's own objects: blocks of a power of two out of single frames, larger ones as frames.
/// Concurrency: lock_ for one allocation. Failure: Error::no_memory.
/// Lifetime:    frames of small blocks stay with the heap.
class Heap
{
public:
    struct Block
    {
        Host_physical at{};
        void* memory = nullptr;
    };

    Heap(Frame_allocator& frames, Node_id node) : frames_(frames), node_(node) {}
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    /// Zeroed, aligned to its size rounded up to a power of two, at most 1 GiB.
    Result<Block> allocate(std::size_t size);
    void release(Block block, std::size_t size);

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

/// The one owner of an object on a heap; the object goes with it.
template <typename T>
class Owned
{
public:
    Owned() = default;
    Owned(Heap& heap, Heap::Block block, T* object) : heap_(&heap), block_(block), object_(object) {}
    Owned(Owned&& other) noexcept
        : heap_(other.heap_), block_(other.block_), object_(std::exchange(other.object_, nullptr))
    {
    }
    Owned& operator=(Owned&& other) noexcept
    {
        if (this != &other)
        {
            reset();
            heap_ = other.heap_;
            block_ = other.block_;
            object_ = std::exchange(other.object_, nullptr);
        }
        return *this;
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() { reset(); }

    void reset()
    {
        if (object_ == nullptr)
            return;
        std::destroy_at(object_);
        object_ = nullptr;
        heap_->release(block_, sizeof(T));
    }

    /// The object lives for ever from now on.
    T* release() { return std::exchange(object_, nullptr); }

    T* get() const { return object_; }
    T& operator*() const
    {
        OVM_REQUIRES_THAT(object_ != nullptr);
        return *object_;
    }
    T* operator->() const
    {
        OVM_REQUIRES_THAT(object_ != nullptr);
        return object_;
    }
    explicit operator bool() const { return object_ != nullptr; }

private:
    Heap* heap_ = nullptr;
    Heap::Block block_{};
    T* object_ = nullptr;
};

/// A new object, or Error::no_memory. The constructor cannot fail.
template <typename T, typename... Arguments>
Result<Owned<T>> make(Heap& heap, Arguments&&... arguments)
{
    auto block = heap.allocate(sizeof(T));
    if (!block)
        return block.error();
    return Owned<T>(heap, *block, ::new (block->memory) T(std::forward<Arguments>(arguments)...));
}

} // namespace ovm::memory
