#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>

#include "arch/processor.hpp"
#include "memory/frames.hpp"

namespace ovm::loader
{

/// The frames of one module, in a row, seen through the direct map.
/// Lifetime: given back with this. Whoever maps them elsewhere unmaps them before.
class Module_block
{
public:
    Module_block() = default;
    /// Error::no_memory; Error::busy: try again.
    static Result<Module_block> take(memory::Frame_allocator& frames, Bytes size)
    {
        Module_block block;
        auto const pages = (size.value() + page_size.value() - 1) / page_size.value();
        block.order_ = memory::Page_order(static_cast<std::uint8_t>(std::bit_width(pages - 1)));
        block.frame_ = OVM_TRY(frames.allocate(block.order_, arch::node_of(arch::this_core())));
        block.frames_ = &frames;
        return block;
    }
    Module_block(Module_block&& other) noexcept { *this = std::move(other); }
    Module_block& operator=(Module_block&& other) noexcept
    {
        std::swap(frames_, other.frames_);
        std::swap(frame_, other.frame_);
        std::swap(order_, other.order_);
        return *this;
    }
    ~Module_block()
    {
        if (frames_ != nullptr)
            frames_->release(frame_, order_);
    }

    Host_physical frame() const { return frame_; }
    std::span<std::uint8_t> bytes() const
    {
        return arch::physical_bytes(frame_, Bytes(page_size.value() << order_.value()));
    }

private:
    memory::Frame_allocator* frames_ = nullptr;
    Host_physical frame_{};
    memory::Page_order order_{};
};

} // namespace ovm::loader
