#pragma once

#include <atomic>
#include <bit>
#include <cstring>
#include <new>

#include "object/heap/owned.hpp"

namespace ovm::test
{

/// Blocks of the process's heap, counted.
class Test_storage final : public object::Storage
{
public:
    Result<Block> allocate(std::size_t size) override
    {
        auto const rounded = std::bit_ceil(size);
        void* const memory = ::operator new(rounded, std::align_val_t(rounded));
        std::memset(memory, 0, rounded);
        ++blocks;
        return Block{Host_physical(0), memory};
    }
    void release(Block block, std::size_t size) override
    {
        ::operator delete(block.memory, std::align_val_t(std::bit_ceil(size)));
        --blocks;
    }

    std::atomic<int> blocks{0};
};

} // namespace ovm::test
