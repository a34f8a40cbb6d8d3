#include "processor/timer_queue.hpp"

#include "arch/processor.hpp"

namespace ovm::processor
{

namespace
{

/// A hardware timer that counts in units of its own may ring a little early: what is nearer than this is told again.
constexpr Nanoseconds early_ring{50'000};

} // namespace

Ticks Timer_queue::now() const
{
    return arch::time_stamp();
}

void Timer_queue::arm(Timer& timer, Ticks deadline)
{
    {
        Lock_guard const guard(lock_);
        if (timer.armed_.load(std::memory_order_relaxed))
            heap_.remove(timer);
        timer.deadline_.store(deadline.value(), std::memory_order_relaxed);
        timer.armed_.store(true, std::memory_order_release);
        heap_.add(timer);
        if (programmed_ && *programmed_ <= deadline)
            return;
        if (arch::this_core() == core_)
        {
            programmed_ = deadline;
            arch::set_timer(deadline);
            return;
        }
    }
    arch::kick(core_);
}

void Timer_queue::cancel(Timer& timer)
{
    Lock_guard const guard(lock_);
    if (!timer.armed_.load(std::memory_order_relaxed))
        return;
    heap_.remove(timer);
    timer.armed_.store(false, std::memory_order_release);
}

void Timer_queue::retire(Timer& timer)
{
    cancel(timer);
    while (arch::this_core() != core_ && firing_.load(std::memory_order_acquire) == &timer)
        arch::pause();
    cancel(timer); // it may have armed itself while it fired
}

Timer* Timer_queue::take_expired(Ticks now)
{
    Lock_guard const guard(lock_);
    Timer* const timer = heap_.earliest();
    if (timer == nullptr || timer->deadline() > now)
        return nullptr;
    heap_.remove(*timer);
    timer->armed_.store(false, std::memory_order_release);
    firing_.store(timer, std::memory_order_release);
    return timer;
}

void Timer_queue::run_expired()
{
    auto const time = now();
    while (Timer* const timer = take_expired(time))
    {
        timer->fired(time);
        firing_.store(nullptr, std::memory_order_release);
    }
    program_hardware();
}

void Timer_queue::program_hardware()
{
    auto const slack = arch::to_ticks(early_ring);
    Lock_guard const guard(lock_);
    if (programmed_ && *programmed_ <= now() + slack)
        programmed_.reset(); // it rang, or may have
    Timer* const timer = heap_.earliest();
    if (timer == nullptr || (programmed_ && *programmed_ <= timer->deadline()))
        return;
    programmed_ = timer->deadline();
    arch::set_timer(timer->deadline());
}

std::optional<Ticks> Timer_queue::next_deadline()
{
    Lock_guard const guard(lock_);
    if (Timer* const timer = heap_.earliest())
        return timer->deadline();
    return {};
}

} // namespace ovm::processor
