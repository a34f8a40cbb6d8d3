#include "arch/x86_64/rtc.hpp"

#include "arch/x86_64/port.hpp"

namespace ovm::arch
{

namespace
{

std::uint8_t cmos(std::uint8_t index)
{
    out8(Port(0x70), index);
    return in8(Port(0x71));
}

struct Moment
{
    unsigned second = 0;
    unsigned minute = 0;
    unsigned hour = 0;
    unsigned day = 0;
    unsigned month = 0;
    unsigned year = 0;
    unsigned century = 0;
    bool operator==(const Moment&) const = default;
};

Moment look(std::uint8_t century)
{
    return {cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9), century != 0 ? cmos(century) : 0u};
}

unsigned from_bcd(unsigned value)
{
    return (value >> 4) * 10 + (value & 15);
}

/// Days from 1970-01-01 in the Gregorian calendar, by counting years from March, so that the leap day comes last.
std::int64_t days_since_epoch(unsigned year, unsigned month, unsigned day)
{
    auto const y = static_cast<std::int64_t>(month <= 2 ? year - 1 : year);
    auto const m = static_cast<std::int64_t>(month <= 2 ? month + 9 : month - 3);
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

} // namespace

std::int64_t read_rtc(std::uint8_t century)
{
    constexpr std::uint8_t update_in_progress = 0x80;
    // Two equal looks outside of an update: neither was torn. Bounded, in case there is no clock.
    Moment moment;
    for (unsigned i = 0; i < 10'000; ++i)
    {
        if ((cmos(10) & update_in_progress) != 0)
            continue;
        moment = look(century);
        if (moment == look(century))
            break;
    }
    auto const status = cmos(11);
    bool const binary = (status & 4) != 0;
    bool const afternoon = (moment.hour & 0x80) != 0;
    moment.hour &= 0x7f;
    if (!binary)
    {
        moment = {from_bcd(moment.second), from_bcd(moment.minute), from_bcd(moment.hour),   from_bcd(moment.day),
                  from_bcd(moment.month),  from_bcd(moment.year),   from_bcd(moment.century)};
    }
    if ((status & 2) == 0)
        moment.hour = moment.hour % 12 + (afternoon ? 12 : 0);
    auto const year = moment.year % 100 + (moment.century >= 19 && moment.century <= 29 ? moment.century * 100 : 2000);
    if (moment.month < 1 || moment.month > 12 || moment.day < 1)
        return 0;
    return ((days_since_epoch(year, moment.month, moment.day) * 24 + moment.hour) * 60 + moment.minute) * 60 +
           moment.second;
}

} // namespace ovm::arch
