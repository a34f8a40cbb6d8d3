#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "arch/crossing.hpp"
#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::object
{

/// Where the hypervisor's own objects get their memory.
/// Concurrency: any core. Failure: Error::no_memory.
class Storage
{
public:
    struct Block
    {
        Host_physical at{};
        void* memory = nullptr;
    };

    /// Zeroed, aligned to its size rounded up to a power of two, at most 1 GiB.
    virtual Result<Block> allocate(std::size_t size) = 0;
    virtual void release(Block block, std::size_t size) = 0;

protected:
    ~Storage() = default;
};

/// How an object of a type ends.
struct Owned_type
{
    std::size_t size = 0;
    void (*destroy)(void* memory) = nullptr;

    template <typename T>
    static const Owned_type& of()
    {
        static constexpr Owned_type type{sizeof(T), [](void* memory) { std::destroy_at(static_cast<T*>(memory)); }};
        return type;
    }
};

/// The one owner of an object in a storage; the object goes with it. T may be a base of what was made.
template <typename T>
class Owned
{
public:
    Owned() = default;
    Owned(Storage& storage, Storage::Block block, T* object)
        : storage_(&storage), block_(block), type_(&Owned_type::of<T>()), object_(object)
    {
    }
    Owned(Owned&& other) noexcept { take(other); }
    template <std::derived_from<T> U>
    Owned(Owned<U>&& other) noexcept
    {
        take(other);
    }
    Owned& operator=(Owned&& other) noexcept
    {
        if (this != &other)
        {
            reset();
            take(other);
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
        object_ = nullptr;
        type_->destroy(block_.memory);
        storage_->release(block_, type_->size);
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
    template <typename U>
    friend class Owned;

    template <typename U>
    void take(Owned<U>& other)
    {
        storage_ = other.storage_;
        block_ = other.block_;
        type_ = other.type_;
        object_ = std::exchange(other.object_, nullptr);
    }

    Storage* storage_ = nullptr;
    Storage::Block block_{};
    const Owned_type* type_ = nullptr;
    T* object_ = nullptr;
};

/// A block whose object is not made yet: it goes back if the crossing is discarded meanwhile.
class Block_loan final : private arch::Undo
{
public:
    Block_loan(Storage& storage, Storage::Block block, std::size_t size);

private:
    void undo() override;

    Storage& storage_;
    Storage::Block block_;
    std::size_t size_;
};

/// A new object, or Error::no_memory. The constructor cannot fail; if it faults, the memory is not lost.
template <typename T, typename... Arguments>
Result<Owned<T>> make(Storage& storage, Arguments&&... arguments)
{
    auto block = storage.allocate(sizeof(T));
    if (!block)
        return block.error();
    Block_loan const loan(storage, *block, sizeof(T));
    return Owned<T>(storage, *block, ::new (block->memory) T(std::forward<Arguments>(arguments)...));
}

} // namespace ovm::object
