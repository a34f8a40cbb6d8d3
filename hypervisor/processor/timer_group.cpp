#include "processor/timer_group.hpp"

#include "arch/crossing.hpp"

namespace ovm::processor
{

void Timer_group::arm(Timer& timer, Ticks deadline)
{
    Lock_guard const guard(lock_);
    arch::Commit_section const links;
    if (!timer.in_group_)
    {
        timer.in_group_ = true;
        timer.next_of_group_ = timers_;
        timers_ = &timer;
    }
    queue_->arm(timer, deadline);
}

void Timer_group::cancel(Timer& timer)
{
    Lock_guard const guard(lock_);
    queue_->cancel(timer);
}

/// Without the lock, which a timer that is firing may want: it arms itself again.
void Timer_group::retire(Timer& timer)
{
    Timer_service* queue = nullptr;
    {
        Lock_guard const guard(lock_);
        queue = queue_;
    }
    queue->retire(timer);
    Lock_guard const guard(lock_);
    arch::Commit_section const links;
    for (auto** link = &timers_; *link != nullptr; link = &(*link)->next_of_group_)
    {
        if (*link != &timer)
            continue;
        *link = timer.next_of_group_;
        timer.in_group_ = false;
        return;
    }
}

void Timer_group::move(Timer_service& to)
{
    Lock_guard const guard(lock_);
    for (auto* timer = timers_; timer != nullptr; timer = timer->next_of_group_)
    {
        if (!timer->armed())
            continue;
        auto const deadline = timer->deadline();
        queue_->cancel(*timer);
        to.arm(*timer, deadline);
    }
    queue_ = &to;
}

} // namespace ovm::processor
