#include "processor/timer_queue.hpp"

#include "arch/at_hand.hpp"
#include "arch/crossing.hpp"
#include "arch/injection.hpp"
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
        arch::Commit_section const links;
        if (timer.armed_.load(std::memory_order_relaxed))
            heap_.remove(timer);
        auto const& window = arch::core_window();
        if (window.domain == arch::Fault_domain::guest)
            timer.owner_ = window.vcpu; // else it is armed anew for whom it was before, or for nobody
        timer.deadline_.store(deadline.value(), std::memory_order_relaxed);
        timer.armed_.store(true, std::memory_order_release);
        heap_.add(timer);
        arch::injection_point("timer queue: armed, the hardware not told");
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
    arch::Commit_section const links;
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
        fire(*timer, time);
        firing_.store(nullptr, std::memory_order_release);
    }
    program_hardware();
}

void Timer_queue::fire(Timer& timer, Ticks now)
{
    auto& window = arch::core_window();
    if (timer.owner_ == nullptr)
        return timer.fired(now);
    arch::At_hand const owner(window, *timer.owner_);
    arch::injection_point("timer queue: before a timer fires");
    timer.fired(now);
}

void Timer_queue::discarded(bool again)
{
    auto* const timer = firing_.load(std::memory_order_relaxed);
    if (timer == nullptr)
        return;
    if (again)
        arm(*timer, timer->deadline());
    firing_.store(nullptr, std::memory_order_release);
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
