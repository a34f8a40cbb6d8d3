#include "interface/platform/apic_timer.hpp"

namespace ovm::interface
{
namespace
{

/// The divide configuration register (APM volume 2, 16.4.1): bits 0, 1 and 3.
constexpr std::uint32_t divisor_of(std::uint32_t configuration)
{
    auto const code = (configuration & 3) | ((configuration >> 1) & 4);
    return std::uint32_t{1} << ((code + 1) & 7);
}

} // namespace

Apic_timer::Apic_timer(Platform_clock clock, const Guest_time& time, Tick_sink& expiry)
    : clock_(clock), rate_(clock.rate(hertz)), time_(time), expiry_(expiry), entry_(masked), pacer_(closest)
{
}

Apic_timer::~Apic_timer()
{
    stop();
}

void Apic_timer::stop()
{
    clock_.timers.retire(timer_);
}

void Apic_timer::reset()
{
    Lock_guard const guard(lock_);
    stop_locked();
    entry_ = masked;
    divide_ = 2;
    initial_ = 0;
}

void Apic_timer::stop_locked()
{
    counting_ = false;
    deadline_ = 0;
    pacer_.stop();
    clock_.timers.cancel(timer_);
}

void Apic_timer::set_vector(std::uint32_t entry)
{
    Lock_guard const guard(lock_);
    forget_unheard_locked();
    auto const before = mode_locked();
    bool const was_masked = is_masked_locked();
    auto const left = current_locked();
    entry_ = entry;
    auto const after = mode_locked();
    if (before == after)
    {
        if (was_masked == is_masked_locked())
            return;
        if (counting_)
            arm_counting_locked();
        if (deadline_ != 0)
            arm_deadline_locked();
        return;
    }
    // Entering or leaving deadline mode disarms; between the counting modes the count goes on.
    if (before != Mode::deadline && after != Mode::deadline && counting_)
    {
        begin_locked(left);
        return;
    }
    stop_locked();
    initial_ = 0;
}

bool Apic_timer::count_is_over_locked() const
{
    auto const length = std::uint64_t{initial_} * divide_;
    return mode_locked() != Mode::periodic && rate_.cycles(clock_.now()) - begun_ >= length;
}

bool Apic_timer::deadline_is_over_locked() const
{
    return deadline_ <= time_.guest(clock_.now()).value();
}

/// What came to its end behind the mask does not ring when that is lifted.
void Apic_timer::forget_unheard_locked()
{
    if (!is_masked_locked())
        return;
    if (counting_ && count_is_over_locked())
        counting_ = false;
    if (deadline_ != 0 && deadline_is_over_locked())
        deadline_ = 0;
    pacer_.skip_to(rate_.cycles(clock_.now()));
}

void Apic_timer::set_divide(std::uint32_t value)
{
    Lock_guard const guard(lock_);
    auto const divide = divisor_of(value);
    if (divide == divide_)
        return;
    auto const left = current_locked();
    divide_ = divide;
    if (counting_)
        begin_locked(left);
}

void Apic_timer::start(std::uint32_t count)
{
    Lock_guard const guard(lock_);
    if (mode_locked() == Mode::deadline)
        return;
    stop_locked();
    initial_ = count;
    if (count != 0)
        begin_locked(count);
}

void Apic_timer::begin_locked(std::uint32_t count)
{
    auto const now = rate_.cycles(clock_.now());
    auto const first = std::uint64_t{count} * divide_;
    auto const period = std::uint64_t{initial_} * divide_;
    counting_ = true;
    begun_ = now + first - period;
    pacer_.start(now + first, period);
    arm_counting_locked();
}

void Apic_timer::arm_counting_locked()
{
    if (is_masked_locked())
        clock_.timers.cancel(timer_);
    else
        clock_.timers.arm(timer_, rate_.ticks(pacer_.attempt()));
}

std::uint32_t Apic_timer::initial() const
{
    Lock_guard const guard(lock_);
    return initial_;
}

std::uint32_t Apic_timer::current() const
{
    Lock_guard const guard(lock_);
    return current_locked();
}

std::uint32_t Apic_timer::current_locked() const
{
    if (!counting_ || initial_ == 0)
        return 0;
    auto const elapsed = (rate_.cycles(clock_.now()) - begun_) / divide_;
    if (mode_locked() == Mode::periodic)
        return static_cast<std::uint32_t>(initial_ - elapsed % initial_);
    return elapsed >= initial_ ? 0 : static_cast<std::uint32_t>(initial_ - elapsed);
}

Acceptance Apic_timer::expire_locked()
{
    if (is_masked_locked())
        return Acceptance::nobody;
    return expiry_.tick(entry_ & 0xff);
}

void Apic_timer::set_deadline(std::uint64_t guest_ticks)
{
    Lock_guard const guard(lock_);
    if (mode_locked() != Mode::deadline)
        return;
    deadline_ = guest_ticks;
    if (guest_ticks == 0)
        clock_.timers.cancel(timer_);
    else
        arm_deadline_locked();
}

std::uint64_t Apic_timer::deadline() const
{
    Lock_guard const guard(lock_);
    if (mode_locked() != Mode::deadline || (is_masked_locked() && deadline_is_over_locked()))
        return 0;
    return deadline_;
}

void Apic_timer::time_changed()
{
    Lock_guard const guard(lock_);
    if (mode_locked() == Mode::deadline && deadline_ != 0)
        arm_deadline_locked();
}

void Apic_timer::arm_deadline_locked()
{
    auto const now = clock_.now();
    auto const guest_now = time_.guest(now).value();
    if (deadline_ <= guest_now)
    {
        deadline_ = 0;
        clock_.timers.cancel(timer_);
        static_cast<void>(expire_locked());
        return;
    }
    if (is_masked_locked())
    {
        clock_.timers.cancel(timer_);
        return;
    }
    auto const wait = deadline_ - guest_now;
    auto const host = now.value() + wait;
    clock_.timers.arm(timer_, Ticks(host < wait ? ~std::uint64_t{0} : host));
}

void Apic_timer::fired(Ticks now)
{
    Lock_guard const guard(lock_);
    if (is_masked_locked())
        return; // it was about to fire when the mask came
    // A timer that was re-armed while it was about to fire finds itself early, and is in the queue again already.
    if (mode_locked() == Mode::deadline)
    {
        if (deadline_ == 0 || time_.guest(now).value() < deadline_)
            return;
        deadline_ = 0;
        static_cast<void>(expire_locked());
        return;
    }
    if (!counting_)
        return;
    auto const cycles = rate_.cycles(now);
    if (!pacer_.is_due(cycles))
        return;
    if (mode_locked() == Mode::periodic)
    {
        pacer_.settle(cycles, expire_locked() != Acceptance::waiting);
        arm_counting_locked();
        return;
    }
    counting_ = false;
    static_cast<void>(expire_locked());
}

} // namespace ovm::interface
