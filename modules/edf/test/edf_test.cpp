#include <gtest/gtest.h>

#include <array>
#include <random>

#include "edf/edf.hpp"
#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"

namespace ovm::test
{
namespace
{

constexpr Ticks slice{10'000};
constexpr Ticks period{100'000};

Shared_scheduler edf(std::uint64_t bound = 950)
{
    std::array const values{slice.value(), bound};
    return std::make_shared<modules::Edf>(object::Values(values));
}

} // namespace

TEST(Edf, GivesEveryBudgetInEveryPeriod)
{
    Scheduler_simulator simulator(edf());
    auto const first = simulator.add({.budget = period / 2, .period = period});
    auto const second = simulator.add({.budget = period / 2, .period = period * 2});
    simulator.add();
    std::array<Ticks, 2> before{};
    for (unsigned i = 0; i < 100; ++i)
    {
        simulator.run(period * 2);
        EXPECT_GE(simulator.served(first) - before[0], period);
        EXPECT_GE(simulator.served(second) - before[1], period / 2);
        before = {simulator.served(first), simulator.served(second)};
    }
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Edf, LendsSlackToWhoHasNoReservation)
{
    Scheduler_simulator simulator(edf());
    auto const reserved = simulator.add({.budget = period / 2, .period = period});
    auto const other = simulator.add();
    simulator.choose_now();
    EXPECT_EQ(simulator.current(), static_cast<int>(other));
    simulator.run(period / 2);
    EXPECT_EQ(simulator.served(other), period / 2);
    simulator.choose_now();
    EXPECT_EQ(simulator.current(), static_cast<int>(reserved));
    simulator.run(period / 2);
    EXPECT_EQ(simulator.served(reserved), period / 2);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Edf, AdmitsWhatFits)
{
    Scheduler_simulator simulator(edf(800));
    simulator.add({.budget = period / 2, .period = period});
    EXPECT_EQ(simulator.admit(simulator.make({.budget = period / 2, .period = period})).error(), Error::denied);
    EXPECT_EQ(simulator.admit(simulator.make({.budget = period * 2, .period = period})).error(), Error::invalid);
    EXPECT_EQ(simulator.admit(simulator.make({.budget = Ticks(1), .period = Ticks(2)})).error(), Error::invalid);
    EXPECT_TRUE(simulator.admit(simulator.make({.budget = period / 10 * 3, .period = period})));
    EXPECT_TRUE(simulator.admit(simulator.make()));
}

TEST(Edf, TakesOverWhatFits)
{
    Scheduler_simulator simulator(edf());
    auto const reserved = simulator.add({.budget = period / 2, .period = period});
    simulator.run(period);
    EXPECT_EQ(simulator.swap(edf(400)).error(), Error::denied);
    ASSERT_TRUE(simulator.swap(edf(600)));
    auto const before = simulator.served(reserved);
    simulator.run(period * 2);
    EXPECT_GE(simulator.served(reserved) - before, period / 2);
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Edf, LivesThroughAnythingAndHandsOver)
{
    auto const deadline = []
    { return make_scheduler<policy::Deadline_scheduler>(policy::Deadline_scheduler::Parameters{.slice = slice}); };
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
    {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(edf());
        for (unsigned count = 0; count < 8; ++count)
        {
            auto const length = period + Ticks(random() % period.value());
            simulator.add({.budget = count % 2 == 0 ? length / 5 : Ticks(0), .period = length});
        }
        simulator.live(random, 300, slice * 2, true);
        ASSERT_TRUE(simulator.swap(deadline()));
        simulator.live(random, 50, slice * 2, true);
        ASSERT_TRUE(simulator.swap(edf()));
        simulator.live(random, 300, slice * 2, true);
        ASSERT_EQ(simulator.complaints(), "");
    }
}

} // namespace ovm::test
