#include "interface/platform/pit.hpp"

#include "base/bits.hpp"

namespace ovm::interface
{
namespace
{

/// However small the divisor, ticks come at most every 100 us.
constexpr std::uint64_t closest = Pit::hertz / 10'000 + 1;
/// How often it looks whether somebody hears it again, as not every way to be heard is told: ten times a second.
constexpr std::uint64_t look_again = Pit::hertz / 10;
static_assert(look_again > 65536, "the longest period");

constexpr unsigned speaker_channel = 2;
constexpr std::uint8_t speaker_gate = 0x01;
constexpr std::uint8_t speaker_writable = 0x0f;
constexpr std::uint8_t refresh_toggle = 0x10;
constexpr std::uint8_t speaker_output = 0x20;

} // namespace

Pit::Pit(Platform_clock clock, Tick_sink& ticks, unsigned line)
    : clock_(clock), rate_(clock.rate(hertz)), ticks_(ticks), line_(line), pacer_(closest)
{
    reset();
}

Pit::~Pit()
{
    stop();
}

void Pit::stop()
{
    clock_.timers.retire(timer_);
}

void Pit::reset()
{
    Lock_guard const guard(lock_);
    channels_.fill({});
    speaker_ = 0;
    unheard_ = false;
    channels_[speaker_channel].set_gate(false, now());
    pacer_.stop();
    clock_.timers.cancel(timer_);
}

std::uint8_t Pit::read_byte(std::uint16_t port)
{
    Lock_guard const guard(lock_);
    if (port == speaker_port)
        return read_speaker_locked();
    auto const channel = static_cast<unsigned>(port & 3);
    return channel == 3 ? std::uint8_t{0xff} : channels_[channel].read(now());
}

void Pit::write_byte(std::uint16_t port, std::uint8_t value)
{
    Lock_guard const guard(lock_);
    if (port == speaker_port)
    {
        speaker_ = value & speaker_writable;
        channels_[speaker_channel].set_gate(value & speaker_gate, now());
        return;
    }
    auto const channel = static_cast<unsigned>(port & 3);
    if (channel == 3)
    {
        control_locked(value);
        return;
    }
    if (channels_[channel].write(value, now()) && channel == 0)
        schedule_locked();
}

std::uint8_t Pit::read_speaker_locked()
{
    // The refresh request turns over every 15 us: some loops wait by it.
    bool const refresh = now() / 18 % 2 != 0;
    return static_cast<std::uint8_t>(speaker_ | (refresh ? refresh_toggle : 0) |
                                     (channels_[speaker_channel].output(now()) ? speaker_output : 0));
}

void Pit::control_locked(std::uint8_t value)
{
    auto const selected = static_cast<unsigned>(value >> 6);
    auto const time = now();
    if (selected != 3)
    {
        if (channels_[selected].control(value, time) && selected == 0)
            schedule_locked();
        return;
    }
    // Read-back (8254, figure 15): the bits say what not to latch.
    for (unsigned channel = 0; channel < channels_.size(); ++channel)
    {
        if (!(value & bit(channel + 1)))
            continue;
        if (!(value & 0x20))
            channels_[channel].latch_count(time);
        if (!(value & 0x10))
            channels_[channel].latch_status(time);
    }
}

void Pit::schedule_locked()
{
    auto const& channel = channels_[0];
    unheard_ = false;
    if (!channel.is_running())
    {
        pacer_.stop();
        clock_.timers.cancel(timer_);
        return;
    }
    pacer_.start(channel.first_edge(), channel.period());
    clock_.timers.arm(timer_, rate_.ticks(pacer_.attempt()));
}

void Pit::fired(Ticks now)
{
    Lock_guard const guard(lock_);
    auto const cycles = rate_.cycles(now);
    if (!pacer_.is_due(cycles))
        return; // armed anew meanwhile
    if (!channels_[0].is_periodic())
    {
        pacer_.stop();
        static_cast<void>(ticks_.tick(line_));
        return;
    }
    auto const acceptance = ticks_.tick(line_);
    unheard_ = acceptance == Acceptance::nobody;
    pacer_.settle(cycles, acceptance != Acceptance::waiting);
    if (unheard_)
        pacer_.skip_to(cycles + look_again - channels_[0].period());
    clock_.timers.arm(timer_, rate_.ticks(pacer_.attempt()));
}

void Pit::masks_changed()
{
    Lock_guard const guard(lock_);
    if (!unheard_ || !pacer_.running())
        return;
    unheard_ = false;
    pacer_.skip_to(now());
    clock_.timers.arm(timer_, rate_.ticks(pacer_.attempt()));
}

} // namespace ovm::interface
