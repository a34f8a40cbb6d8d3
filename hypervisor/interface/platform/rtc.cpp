#include "interface/platform/rtc.hpp"

#include <algorithm>

#include "base/bits.hpp"

namespace ovm::interface
{
namespace
{

// Registers (MC146818A, figure 13).
constexpr unsigned seconds_alarm = 1;
constexpr unsigned minutes_alarm = 3;
constexpr unsigned hours_alarm = 5;
constexpr unsigned year_register = 9;
constexpr unsigned register_a = 10;
constexpr unsigned register_b = 11;
constexpr unsigned register_c = 12;
constexpr unsigned register_d = 13;
constexpr unsigned century = 0x32; ///< where the ACPI tables say it is

constexpr std::uint8_t update_in_progress = 0x80;
constexpr std::uint8_t set_bit = 0x80;
constexpr std::uint8_t periodic_bit = 0x40;
constexpr std::uint8_t alarm_bit = 0x20;
constexpr std::uint8_t update_bit = 0x10;
constexpr std::uint8_t interrupt_bits = periodic_bit | alarm_bit | update_bit;
constexpr std::uint8_t request_bit = 0x80;
constexpr std::uint8_t valid_ram = 0x80;

/// An update is announced 244 us before it happens (MC146818A, figure 16): 8 cycles.
constexpr std::uint64_t update_cycles = 8;
/// 8192 Hz is the fastest that the register offers: a tick every 122 us.
constexpr std::uint64_t closest = 4;
constexpr std::uint64_t no_alarm = ~std::uint64_t{0};

} // namespace

Rtc::Rtc(Platform_clock clock, Irq_line irq, std::int64_t wall_clock, Bytes low, Bytes high)
    : clock_(clock), rate_(clock.rate(hertz)), irq_(irq), pacer_(closest)
{
    Lock_guard const guard(lock_);
    offset_ = static_cast<std::uint64_t>(std::max<std::int64_t>(wall_clock, 0)) * hertz;
    memory_[register_a] = 0x26;
    memory_[register_b] = 0x02; // 24 hours, BCD
    looked_second_ = time_of_day_locked() / hertz;
    set_memory_size(low, high);
}

Rtc::~Rtc()
{
    stop();
}

void Rtc::stop()
{
    clock_.timers.retire(timer_);
}

void Rtc::set_memory_size(Bytes low, Bytes high)
{
    auto const put = [this](unsigned at, std::uint64_t value) OVM_REQUIRES(lock_)
    {
        memory_[at] = static_cast<std::uint8_t>(value);
        memory_[at + 1] = static_cast<std::uint8_t>(value >> 8);
    };
    auto const kibibytes = low.value() >> 10;
    auto const extended = std::min<std::uint64_t>(kibibytes > 1024 ? kibibytes - 1024 : 0, 0xffff);
    put(0x15, 640);
    put(0x17, extended);
    put(0x30, extended);
    // Beyond 16 MiB in units of 64 KiB, and beyond 4 GiB in the same.
    put(0x34, std::min<std::uint64_t>(kibibytes > 16384 ? (kibibytes - 16384) / 64 : 0, 0xffff));
    put(0x5b, high.value() >> 16);
    memory_[0x5d] = static_cast<std::uint8_t>(high.value() >> 32);
}

void Rtc::reset()
{
    Lock_guard const guard(lock_);
    memory_[register_b] &= static_cast<std::uint8_t>(~interrupt_bits);
    memory_[register_c] = 0;
    index_ = 0;
    pacer_.stop();
    schedule_locked();
    update_line_locked();
}

std::uint64_t Rtc::time_of_day_locked() const
{
    return cycles() + offset_;
}

bool Rtc::is_set_locked() const
{
    return memory_[register_b] & set_bit;
}

std::uint8_t Rtc::read_byte(std::uint16_t port)
{
    Lock_guard const guard(lock_);
    return (port & 1) == 0 ? std::uint8_t{0xff} : read_register_locked(index_);
}

void Rtc::write_byte(std::uint16_t port, std::uint8_t value)
{
    Lock_guard const guard(lock_);
    if ((port & 1) == 0)
        index_ = value & 0x7f; // bit 7 would mask NMIs, of which a PC without parity errors has none
    else
        write_register_locked(index_, value);
}

std::uint8_t Rtc::read_register_locked(unsigned index)
{
    if (index == century || (index <= year_register && (index > hours_alarm || index % 2 == 0)))
        return read_time_locked(index);
    switch (index)
    {
    case register_a:
    {
        bool const updating = !is_set_locked() && time_of_day_locked() % hertz >= hertz - update_cycles;
        return static_cast<std::uint8_t>(memory_[register_a] | (updating ? update_in_progress : 0));
    }
    case register_c:
        return read_flags_locked();
    case register_d:
        return valid_ram;
    default:
        return memory_[index & 0x7f];
    }
}

std::uint8_t Rtc::read_flags_locked()
{
    collect_flags_locked(cycles());
    auto const flags = memory_[register_c];
    bool const requests = flags & memory_[register_b] & interrupt_bits;
    memory_[register_c] = 0;
    update_line_locked();
    if (memory_[register_b] & interrupt_bits)
        schedule_locked();
    return static_cast<std::uint8_t>(flags | (requests ? request_bit : 0));
}

void Rtc::write_register_locked(unsigned index, std::uint8_t value)
{
    if (index == century || (index <= year_register && (index > hours_alarm || index % 2 == 0)))
    {
        write_time_locked(index, value);
        return;
    }
    switch (index)
    {
    case register_a:
    case register_b:
        write_control_locked(index, value);
        return;
    case register_c:
    case register_d:
        return;
    default:
        memory_[index & 0x7f] = value;
        if (index <= hours_alarm)
            schedule_locked();
        return;
    }
}

void Rtc::write_control_locked(unsigned index, std::uint8_t value)
{
    collect_flags_locked(cycles());
    if (index == register_a)
    {
        bool const same = (memory_[register_a] & 0x0f) == (value & 0x0f);
        memory_[register_a] = value & 0x7f;
        if (!same)
            start_periodic_locked();
    }
    else
    {
        bool const was_set = is_set_locked();
        bool const will_be_set = value & set_bit;
        bool const starts = (value & ~memory_[register_b] & periodic_bit) != 0;
        if (!was_set && will_be_set)
            held_ = to_calendar(time_of_day_locked() / hertz);
        if (was_set && !will_be_set)
        {
            offset_ = to_seconds(held_) * hertz - cycles();
            looked_second_ = time_of_day_locked() / hertz;
        }
        memory_[register_b] = value;
        if (will_be_set)
            memory_[register_b] &= static_cast<std::uint8_t>(~update_bit);
        if (starts || !(value & periodic_bit))
            start_periodic_locked();
    }
    schedule_locked();
    update_line_locked();
}

std::uint64_t Rtc::periodic_period_locked() const
{
    auto const rate = memory_[register_a] & 0x0fu;
    if (rate == 0)
        return 0;
    // Rates 1 and 2 are those of 8 and 9 with this time base (MC146818A, table 5).
    return std::uint64_t{1} << ((rate <= 2 ? rate + 7 : rate) - 1);
}

void Rtc::start_periodic_locked()
{
    auto const period = periodic_period_locked();
    auto const now = cycles();
    looked_period_ = now;
    if (period == 0 || !(memory_[register_b] & periodic_bit))
        pacer_.stop();
    else
        pacer_.start(now + period, period);
}

/// Puts into the flags what has happened since they were last looked at.
void Rtc::collect_flags_locked(std::uint64_t now)
{
    if (auto const period = periodic_period_locked(); period != 0 && !pacer_.running())
    {
        if (now / period != looked_period_ / period)
            memory_[register_c] |= periodic_bit;
        looked_period_ = now;
    }
    if (is_set_locked())
        return;
    auto const second = (now + offset_) / hertz;
    if (second == looked_second_)
        return;
    memory_[register_c] |= update_bit;
    if (next_alarm_locked(looked_second_) <= second)
        memory_[register_c] |= alarm_bit;
    looked_second_ = second;
}

/// The first second after `after` that the alarm names; a wildcard (C0h and above) names every value.
std::uint64_t Rtc::next_alarm_locked(std::uint64_t after) const
{
    auto const wild = [this](unsigned at) OVM_REQUIRES(lock_) { return memory_[at] >= 0xc0; };
    auto const second = decode_locked(memory_[seconds_alarm]);
    auto const minute = decode_locked(memory_[minutes_alarm]);
    auto const hour = decode_hour_locked(memory_[hours_alarm]);
    auto const start = after + 1;
    auto const time = to_calendar(start);
    // At most one day ahead; each loop goes round once.
    for (unsigned h = 0; h <= 24; ++h)
    {
        auto const this_hour = (time.hour + h) % 24;
        if (!wild(hours_alarm) && this_hour != hour)
            continue;
        for (unsigned m = h == 0 ? time.minute : 0; m < 60; ++m)
        {
            if (!wild(minutes_alarm) && m != minute)
                continue;
            bool const now = h == 0 && m == time.minute;
            auto const first = now ? time.second : 0;
            auto const wanted = wild(seconds_alarm) ? first : second;
            if (wanted < first || wanted > 59)
                continue;
            auto const midnight = start - ((time.hour * 60u + time.minute) * 60u + time.second);
            return midnight + ((time.hour + h) * 60 + m) * 60 + wanted;
        }
    }
    return no_alarm;
}

void Rtc::schedule_locked()
{
    auto const now = cycles();
    auto next = no_alarm;
    // A tick that nobody has read keeps the line high: the next ones are counted when it was.
    if (pacer_.running() && !(memory_[register_c] & periodic_bit))
        next = pacer_.attempt();
    auto const enabled = memory_[register_b] & static_cast<std::uint8_t>(~memory_[register_c]);
    if (!is_set_locked())
    {
        auto wanted = no_alarm;
        if (enabled & update_bit)
            wanted = looked_second_ + 1;
        if (enabled & alarm_bit)
            wanted = std::min(wanted, next_alarm_locked(looked_second_));
        if (wanted != no_alarm)
            next = std::min(next, wanted * hertz - offset_);
    }
    if (next == no_alarm)
        clock_.timers.cancel(timer_);
    else
        clock_.timers.arm(timer_, rate_.ticks(std::max(next, now + 1)));
}

void Rtc::fired(Ticks now)
{
    Lock_guard const guard(lock_);
    auto const time = rate_.cycles(now);
    collect_flags_locked(time);
    if (!(memory_[register_c] & periodic_bit) && pacer_.is_due(time))
    {
        memory_[register_c] |= periodic_bit;
        pacer_.settle(time, true);
    }
    schedule_locked();
    update_line_locked();
}

void Rtc::update_line_locked()
{
    irq_.set(memory_[register_b] & memory_[register_c] & interrupt_bits);
}

} // namespace ovm::interface
