#pragma once

#include <cstdint>

namespace ovm::interface
{

/// A moment as a calendar clock shows it (Gregorian, UTC).
struct Calendar_time
{
    unsigned year = 1970;
    unsigned month = 1;   ///< 1 to 12
    unsigned day = 1;     ///< 1 to 31
    unsigned weekday = 4; ///< 0 is Sunday
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
};

constexpr bool is_leap(std::uint64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr unsigned days_in_month(std::uint64_t year, unsigned month)
{
    if (month == 2)
        return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Days from 1970-01-01 to the first of January of `year` >= 1970.
constexpr std::uint64_t days_before_year(std::uint64_t year)
{
    auto const before = year - 1;
    constexpr std::uint64_t epoch = 1969 * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400;
    return before * 365 + before / 4 - before / 100 + before / 400 - epoch;
}

/// Seconds since 1970; nonsense in a field counts on into the next, years before 1970 are 1970.
constexpr std::uint64_t to_seconds(const Calendar_time& time)
{
    auto const year = time.year < 1970 ? 1970 : time.year;
    auto days = days_before_year(year);
    for (unsigned month = 1; month < time.month && month < 12; ++month)
        days += days_in_month(year, month);
    days += time.day == 0 ? 0 : time.day - 1;
    return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second;
}

constexpr Calendar_time to_calendar(std::uint64_t seconds)
{
    Calendar_time time{};
    time.second = static_cast<unsigned>(seconds % 60);
    time.minute = static_cast<unsigned>(seconds / 60 % 60);
    time.hour = static_cast<unsigned>(seconds / 3600 % 24);
    auto days = seconds / 86400;
    time.weekday = static_cast<unsigned>((days + 4) % 7);
    // 400 years have 146097 days: a guess that is at most one year late.
    auto year = 1970 + days * 400 / 146097;
    if (days_before_year(year) > days)
        --year;
    if (days_before_year(year + 1) <= days)
        ++year;
    days -= days_before_year(year);
    time.year = static_cast<unsigned>(year);
    for (time.month = 1; time.month < 12 && days >= days_in_month(year, time.month); ++time.month)
        days -= days_in_month(year, time.month);
    time.day = static_cast<unsigned>(days) + 1;
    return time;
}

} // namespace ovm::interface
