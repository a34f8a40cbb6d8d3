#include <gtest/gtest.h>

#include <array>
#include <random>

#include "lottery/lottery.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "policy/scheduler_simulator.hpp"

namespace ovm::test
{
namespace
{

using modules::Lottery;
using policy::Round_robin_scheduler;
using processor::Scheduler_state;

constexpr Ticks slice{1'000};

Shared_scheduler lottery(std::uint64_t seed = 1)
{
    std::array<std::uint64_t, 2> const values{slice.value(), seed};
    return std::make_shared<Lottery>(object::Values(values));
}

Shared_scheduler round_robin()
{
    return make_scheduler<Round_robin_scheduler>(Round_robin_scheduler::Parameters{.slice = slice});
}

} // namespace

TEST(Lottery, SharesFollowWeights)
{
    Scheduler_simulator simulator(lottery());
    for (std::uint32_t const weight : {100, 200, 700})
        simulator.add({.weight = weight});
    constexpr std::uint64_t turns = 20'000;
    simulator.run(slice * turns);
    EXPECT_EQ(simulator.complaints(), "");
    // Five standard deviations of 20,000 draws are less than 2% of them.
    for (auto const& [who, share] : {std::pair{0u, 0.1}, {1u, 0.2}, {2u, 0.7}})
        EXPECT_NEAR(static_cast<double>(simulator.served(who).value()) / static_cast<double>(turns * slice.value()),
                    share, 0.02);
}

TEST(Lottery, SameSeedSameChoices)
{
    std::array<Scheduler_simulator::Trace, 3> traces;
    for (std::size_t i = 0; i < traces.size(); ++i)
    {
        Scheduler_simulator simulator(lottery(i == 2 ? 7 : 3));
        for (unsigned count = 0; count < 5; ++count)
            simulator.add();
        simulator.run(slice * 100);
        traces[i] = simulator.trace();
    }
    EXPECT_EQ(traces[0], traces[1]);
    EXPECT_NE(traces[0], traces[2]);
}

TEST(Lottery, LivesThroughAnything)
{
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
    {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(lottery(seed));
        for (unsigned count = 0; count < 1 + random() % 20; ++count)
            simulator.add({.weight = static_cast<std::uint32_t>(random() % 1000)});
        simulator.live(random, 500, slice * 2, true);
        ASSERT_EQ(simulator.complaints(), "");
    }
}

TEST(Lottery, AdmitsNoMoreThanItHasPlacesFor)
{
    Scheduler_simulator simulator(lottery());
    for (unsigned count = 0; count < modules::Vcpu_table<>::most; ++count)
        simulator.add();
    auto const one_more = simulator.make();
    EXPECT_EQ(simulator.admit(one_more), Result<>(Error::denied));
    simulator.run(slice * 100);
    simulator.leave(3);
    EXPECT_TRUE(simulator.admit(one_more));
    EXPECT_EQ(simulator.complaints(), "");
}

TEST(Lottery, TakesOverAndHandsOver)
{
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
    {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(round_robin());
        for (unsigned count = 0; count < 6; ++count)
            simulator.add();
        for (unsigned swap = 0; swap < 10; ++swap)
        {
            simulator.live(random, 20, slice);
            ASSERT_TRUE(simulator.swap(swap % 2 == 0 ? lottery(seed) : round_robin()));
        }
        ASSERT_EQ(simulator.complaints(), "");
    }
}

TEST(Lottery, NamesReservationsThatItDoesNotKeep)
{
    Scheduler_simulator simulator(round_robin());
    simulator.add({.budget = Ticks(10), .period = Ticks(1000)});
    ASSERT_TRUE(simulator.swap(lottery()));
    EXPECT_EQ(simulator.lost(), std::uint32_t{Scheduler_state::reservation});
}

TEST(Lottery, TakesNoMoreOverThanItHasPlacesFor)
{
    Scheduler_simulator simulator(round_robin());
    for (unsigned count = 0; count <= modules::Vcpu_table<>::most; ++count)
        simulator.add();
    EXPECT_EQ(simulator.swap(lottery()), Result<>(Error::denied));
    simulator.run(slice * 100);
    EXPECT_EQ(simulator.complaints(), "");
}

} // namespace ovm::test
