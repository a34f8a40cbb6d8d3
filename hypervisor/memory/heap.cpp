#include "memory/heap.hpp"

#include <cstring>
#include <new>

#include "arch/crossing.hpp"
#include "arch/injection.hpp"
#include "memory/frame_loan.hpp"

namespace ovm::memory
{

Result<object::Storage::Block> Heap::allocate(std::size_t size)
{
    auto const rounded = std::bit_ceil(size < smallest ? smallest : size);
    if (rounded > huge_page_size.value())
        return Error::no_memory;
    if (rounded > page_size.value())
    {
        Page_order const order(static_cast<std::uint8_t>(std::countr_zero(rounded / page_size.value())));
        Frame_loan frame(frames_, OVM_TRY(frames_.allocate(order, node_)), order);
        auto const bytes = arch::physical_bytes(frame.frame(), size_of(order));
        std::memset(bytes.data(), 0, bytes.size());
        Lock_guard const guard(lock_);
        pages_ += std::uint64_t{1} << order.value();
        return Block{frame.keep(), bytes.data()};
    }

    auto const index = static_cast<std::size_t>(std::countr_zero(rounded / smallest));
    Lock_guard const guard(lock_);
    if (free_[index] == nullptr)
    {
        auto const frame = OVM_TRY(frames_.allocate(small_order, node_));
        arch::Commit_section const list;
        ++pages_;
        auto const bytes = arch::physical_bytes(frame, page_size);
        for (std::size_t at = page_size.value(); at > 0;)
        {
            at -= rounded;
            free_[index] = ::new (bytes.subspan(at).data()) Free{free_[index], frame + Bytes(at)};
        }
    }
    auto* const block = free_[index];
    arch::injection_point("heap: before a block is taken");
    Block const result{block->at, block};
    free_[index] = block->next;
    std::memset(result.memory, 0, rounded);
    return result;
}

void Heap::release(Block block, std::size_t size)
{
    auto const rounded = std::bit_ceil(size < smallest ? smallest : size);
    if (rounded > page_size.value())
    {
        Page_order const order(static_cast<std::uint8_t>(std::countr_zero(rounded / page_size.value())));
        {
            Lock_guard const guard(lock_);
            pages_ -= std::uint64_t{1} << order.value();
        }
        return frames_.release(block.at, order);
    }
    auto const index = static_cast<std::size_t>(std::countr_zero(rounded / smallest));
    Lock_guard const guard(lock_);
    free_[index] = ::new (block.memory) Free{free_[index], block.at};
}

Pages Heap::used() const
{
    Lock_guard const guard(lock_);
    return Pages(pages_);
}

} // namespace ovm::memory
