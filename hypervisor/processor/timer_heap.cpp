#include "processor/timer_heap.hpp"

#include <utility>

namespace ovm::processor
{

/// The later root becomes the first child of the earlier one.
Timer* Timer_heap::meld(Timer* first, Timer* second)
{
    if (first == nullptr)
        return second;
    if (second == nullptr)
        return first;
    if (second->deadline() < first->deadline())
        std::swap(first, second);
    second->previous_ = first;
    second->next_ = first->child_;
    if (first->child_ != nullptr)
        first->child_->previous_ = second;
    first->child_ = second;
    return first;
}

/// Left to right in pairs, then all pairs from right to left.
Timer* Timer_heap::meld_siblings(Timer* first)
{
    Timer* pairs = nullptr; // a stack through next_
    while (first != nullptr)
    {
        Timer* const one = first;
        Timer* const other = one->next_;
        first = other != nullptr ? other->next_ : nullptr;
        one->next_ = one->previous_ = nullptr;
        if (other != nullptr)
            other->next_ = other->previous_ = nullptr;
        Timer* const pair = meld(one, other);
        pair->next_ = pairs;
        pairs = pair;
    }
    Timer* whole = nullptr;
    while (pairs != nullptr)
    {
        Timer* const rest = pairs->next_;
        pairs->next_ = nullptr;
        whole = meld(whole, pairs);
        pairs = rest;
    }
    return whole;
}

/// Takes a node and what is below it out of its parent.
void Timer_heap::cut(Timer& timer)
{
    if (timer.previous_->child_ == &timer)
        timer.previous_->child_ = timer.next_;
    else
        timer.previous_->next_ = timer.next_;
    if (timer.next_ != nullptr)
        timer.next_->previous_ = timer.previous_;
    timer.next_ = timer.previous_ = nullptr;
}

void Timer_heap::add(Timer& timer)
{
    root_ = meld(root_, &timer);
}

void Timer_heap::remove(Timer& timer)
{
    bool const is_root = &timer == root_;
    if (!is_root)
        cut(timer);
    Timer* const below = meld_siblings(timer.child_);
    timer.child_ = nullptr;
    root_ = is_root ? below : meld(root_, below);
}

} // namespace ovm::processor
