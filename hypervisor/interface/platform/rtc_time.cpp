#include <algorithm>

#include "interface/platform/rtc.hpp"

namespace ovm::interface
{

// How the clock's registers show a time: binary or BCD, 24 or 12 hours (MC146818A, table 3).

namespace
{

constexpr unsigned register_b = 11;
constexpr unsigned century = 0x32;
constexpr std::uint8_t binary_mode = 0x04;
constexpr std::uint8_t full_day = 0x02;
constexpr std::uint8_t afternoon = 0x80;

} // namespace

std::uint8_t Rtc::encode_locked(unsigned value) const
{
    if (memory_[register_b] & binary_mode)
        return static_cast<std::uint8_t>(value);
    return static_cast<std::uint8_t>((value / 10 % 10) << 4 | value % 10);
}

unsigned Rtc::decode_locked(std::uint8_t value) const
{
    if (memory_[register_b] & binary_mode)
        return value;
    return (value >> 4) * 10u + (value & 0xfu);
}

std::uint8_t Rtc::encode_hour_locked(unsigned hour) const
{
    if (memory_[register_b] & full_day)
        return encode_locked(hour);
    auto const twelve = hour % 12 == 0 ? 12 : hour % 12;
    return static_cast<std::uint8_t>(encode_locked(twelve) | (hour >= 12 ? afternoon : 0));
}

unsigned Rtc::decode_hour_locked(std::uint8_t value) const
{
    if (memory_[register_b] & full_day)
        return decode_locked(value);
    auto const hour = decode_locked(value & 0x7f) % 12;
    return value & afternoon ? hour + 12 : hour;
}

std::uint8_t Rtc::read_time_locked(unsigned index)
{
    auto const time = is_set_locked() ? held_ : to_calendar(time_of_day_locked() / hertz);
    switch (index)
    {
    case 0:
        return encode_locked(time.second);
    case 2:
        return encode_locked(time.minute);
    case 4:
        return encode_hour_locked(time.hour);
    case 6:
        return encode_locked(time.weekday + 1);
    case 7:
        return encode_locked(time.day);
    case 8:
        return encode_locked(time.month);
    case 9:
        return encode_locked(time.year % 100);
    case century:
        return encode_locked(time.year / 100 % 100);
    default:
        return 0;
    }
}

void Rtc::write_time_locked(unsigned index, std::uint8_t value)
{
    auto time = is_set_locked() ? held_ : to_calendar(time_of_day_locked() / hertz);
    auto const number = decode_locked(value);
    switch (index)
    {
    case 0:
        time.second = std::min(number, 59u);
        break;
    case 2:
        time.minute = std::min(number, 59u);
        break;
    case 4:
        time.hour = std::min(decode_hour_locked(value), 23u);
        break;
    case 7:
        time.day = std::clamp(number, 1u, 31u);
        break;
    case 8:
        time.month = std::clamp(number, 1u, 12u);
        break;
    case 9:
        time.year = time.year / 100 * 100 + std::min(number, 99u);
        break;
    case century:
        time.year = std::min(number, 99u) * 100 + time.year % 100;
        break;
    default:
        return; // the day of the week follows from the date
    }
    if (is_set_locked())
    {
        held_ = time;
        return;
    }
    auto const now = cycles();
    auto const fraction = (now + offset_) % hertz;
    offset_ = to_seconds(time) * hertz + fraction - now;
    looked_second_ = (now + offset_) / hertz;
    schedule_locked();
}

} // namespace ovm::interface
