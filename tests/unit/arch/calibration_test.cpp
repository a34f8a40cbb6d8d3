#include "arch/calibration.hpp"

#include <gtest/gtest.h>

namespace ovm::arch
{
namespace
{

/// Counters of a machine whose host takes the processor away now and then: time goes on, and nothing is read.
class Interrupted_counters
{
public:
    static constexpr std::uint64_t rate = 2'000'000'000; ///< ticks a second
    static constexpr std::uint64_t timer_divisor = 2;    ///< ticks for each count of the timer

    /// Each `every`th look comes `ticks` late.
    void interrupt(unsigned every, std::uint64_t ticks)
    {
        every_ = every;
        late_ = ticks;
    }
    void stop_reference() { reference_runs_ = false; }

    std::uint64_t time_stamp() const { return look(20); }
    std::uint32_t timer() const { return static_cast<std::uint32_t>(~(look(100) / timer_divisor)); }
    std::uint32_t reference() const
    {
        return static_cast<std::uint32_t>(reference_runs_ ? look(400) * 3'579'545 / rate : 17) & reference_mask();
    }
    std::uint32_t reference_mask() const { return 0xff'ffff; }
    std::uint64_t reference_rate() const { return 3'579'545; }
    void pause() const {}

private:
    std::uint64_t look(std::uint64_t cost) const
    {
        now_ += cost;
        if (every_ != 0 && ++looks_ % every_ == 0)
            now_ += late_;
        return now_;
    }

    mutable std::uint64_t now_ = 1'000'000;
    mutable unsigned looks_ = 0;
    unsigned every_ = 0;
    std::uint64_t late_ = 0;
    bool reference_runs_ = true;
};

void expect_right(const Interrupted_counters& counters)
{
    auto const found = calibrate(counters);
    ASSERT_TRUE(found.has_value());
    EXPECT_NEAR(static_cast<double>(found->ticks_per_second), 2e9, 2e6);
    EXPECT_NEAR(static_cast<double>(found->timer_counts_per_tick) / 4294967296.0, 0.5, 0.0005);
}

TEST(Calibration, measures_an_undisturbed_machine)
{
    expect_right(Interrupted_counters{});
}

TEST(Calibration, is_not_misled_by_a_host_that_takes_the_processor_away)
{
    for (unsigned const every : {7U, 31U, 500U, 6'000U, 12'347U})
    {
        SCOPED_TRACE(every);
        Interrupted_counters counters;
        counters.interrupt(every, Interrupted_counters::rate / 100);
        expect_right(counters);
    }
}

TEST(Calibration, says_that_the_reference_stands_still)
{
    Interrupted_counters counters;
    counters.stop_reference();
    EXPECT_FALSE(calibrate(counters).has_value());
}

} // namespace
} // namespace ovm::arch
