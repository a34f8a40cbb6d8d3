#include "object/collector/interleaving.hpp"

#include <gtest/gtest.h>

namespace
{

using namespace ovm::object::test;

class Interleavings : public testing::TestWithParam<std::uint64_t>
{
};

TEST_P(Interleavings, NothingReachableIsFreedAndGarbageGoesWithinACollection)
{
    auto const seed = GetParam();
    auto const cores = static_cast<std::uint32_t>(1 + seed % 5);
    Collector_play play(cores, seed, Sabotage::none);
    auto const failure = play.run(200'000, 100);
    EXPECT_EQ(failure, "") << "seed " << seed << ", step " << play.steps();
    EXPECT_GE(play.collections(), 20u) << "seed " << seed;
    EXPECT_GE(play.most_reached(), 100u) << "seed " << seed;
    EXPECT_EQ(play.drain(), "") << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Interleavings, testing::Range<std::uint64_t>(1, 16));

// The driver finds what it is there to find.
TEST(Interleavings_of_a_broken_collector, AStoreWithoutItsBarrierIsFound)
{
    Collector_play play(3, 7, Sabotage::no_barrier);
    EXPECT_NE(play.run(400'000, 50), "");
}

TEST(Interleavings_of_a_broken_collector, AStackThatHoldsReferencesAtASafePointIsFound)
{
    Collector_play play(3, 7, Sabotage::stack_at_safe_point);
    EXPECT_NE(play.run(400'000, 50), "");
}

TEST(Interleavings_of_a_broken_collector, AMarkThatEndsEarlyIsFound)
{
    Collector_play play(3, 7, Sabotage::early_sweep);
    EXPECT_NE(play.run(400'000, 50), "");
}

} // namespace
