#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

/// How fast a processor's counters run, measured against one of known speed.
namespace ovm::arch
{

/// The time stamp and the local timer (which counts down) of one core, and a reference that counts up and wraps.
template <typename T>
concept Calibrated_counters = requires(const T counters) {
    { counters.time_stamp() } -> std::same_as<std::uint64_t>;
    { counters.timer() } -> std::same_as<std::uint32_t>;
    { counters.reference() } -> std::same_as<std::uint32_t>;
    { counters.reference_mask() } -> std::same_as<std::uint32_t>;
    { counters.reference_rate() } -> std::same_as<std::uint64_t>;
    counters.pause();
};

struct Calibration
{
    std::uint64_t ticks_per_second = 0;
    std::uint64_t timer_counts_per_tick = 0; ///< 32.32
};

/// The counters at one moment, `width` ticks long: whatever came between (an SMI, a host that gave the processor to
/// somebody else) makes it wide.
struct Counter_reading
{
    std::uint64_t time_stamp = 0;
    std::uint64_t width = 0;
    std::uint32_t timer = 0;
    std::uint32_t reference = 0;
};

/// The narrowest of some readings in a row.
template <Calibrated_counters Counters>
Counter_reading read_together(const Counters& counters)
{
    constexpr unsigned readings = 8;
    Counter_reading best{.width = ~std::uint64_t{0}};
    for (unsigned i = 0; i < readings; ++i)
    {
        auto const before = counters.time_stamp();
        auto const reference = counters.reference();
        auto const timer = counters.timer();
        auto const width = counters.time_stamp() - before;
        if (width < best.width)
            best = {before + width / 2, width, timer, reference};
    }
    return best;
}

/// Compares over 2.5 ms, again when the readings at its ends were too wide to trust; the best attempt counts.
/// Nothing: the reference stands still.
template <Calibrated_counters Counters>
std::optional<Calibration> calibrate(const Counters& counters)
{
    constexpr unsigned attempts = 20;
    constexpr std::uint32_t patience = 4'000'000; ///< polls
    constexpr std::uint64_t exact = 1'000;        ///< an interval this many times its ends' width is good enough
    auto const duration = static_cast<std::uint32_t>(counters.reference_rate() / 400);
    std::optional<Calibration> best{};
    std::uint64_t best_quality = 0;
    for (unsigned attempt = 0; attempt < attempts && best_quality < exact; ++attempt)
    {
        auto const begin = read_together(counters);
        auto const passed = [&](std::uint32_t reference)
        { return (reference - begin.reference) & counters.reference_mask(); };
        std::uint32_t polls = 0;
        while (passed(counters.reference()) < duration)
        {
            if (++polls == patience)
                return best;
            counters.pause();
        }
        auto const end = read_together(counters);
        auto const ticks = end.time_stamp - begin.time_stamp;
        auto const quality = ticks / (begin.width + end.width + 1);
        if (ticks == 0 || passed(end.reference) < duration || (best && quality <= best_quality))
            continue; // the counter stands, or the reference went round meanwhile
        best_quality = quality;
        best = {ticks * counters.reference_rate() / passed(end.reference),
                (std::uint64_t{begin.timer - end.timer} << 32) / ticks};
    }
    return best;
}

} // namespace ovm::arch
