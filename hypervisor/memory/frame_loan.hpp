#pragma once

#include <utility>

#include "arch/crossing.hpp"
#include "memory/frames.hpp"

namespace ovm::memory
{

/// A block that was given out and is nobody's yet: it goes back when the scope ends, or the crossing is discarded,
/// before keep().
/// Concurrency: its core. Lifetime: a scope.
class Frame_loan final : private arch::Undo
{
public:
    Frame_loan(Frame_allocator& frames, Host_physical frame, Page_order order)
        : frames_(frames), frame_(frame), order_(order)
    {
    }
    ~Frame_loan() { undo(); }

    Host_physical frame() const { return frame_; }
    Page_order order() const { return order_; }
    /// It has an owner from now on.
    Host_physical keep()
    {
        kept_ = true;
        return frame_;
    }

private:
    void undo() override
    {
        if (!std::exchange(kept_, true))
            frames_.release(frame_, order_);
    }

    Frame_allocator& frames_;
    Host_physical frame_;
    Page_order order_;
    bool kept_ = false;
};

} // namespace ovm::memory
