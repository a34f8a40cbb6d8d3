#include "object/object_play_steps.hpp"

#include <gtest/gtest.h>

namespace ovm::test
{

namespace
{

#if __has_feature(thread_sanitizer)
constexpr std::uint64_t steps_of_a_seed = 20'000;
#else
constexpr std::uint64_t steps_of_a_seed = 200'000;
#endif

class Interleavings_of_objects : public testing::TestWithParam<std::uint64_t>
{
};

TEST_P(Interleavings_of_objects, EveryCallIsAnsweredOnceByWhatIsThere)
{
    auto const seed = GetParam();
    Object_play play(static_cast<std::uint32_t>(1 + seed % 5), seed, Object_sabotage::none);
    auto const failure = play.run(steps_of_a_seed, 1);
    EXPECT_EQ(failure, "") << "seed " << seed << ", step " << play.steps();
    auto const& counts = play.counts();
    EXPECT_GE(counts.answered, steps_of_a_seed / 20);
    EXPECT_GE(counts.busy, 1u);
    EXPECT_GE(counts.gone, 1u);
    EXPECT_GE(counts.faults, steps_of_a_seed / 200);
    EXPECT_GE(counts.swaps, steps_of_a_seed / 400);
    EXPECT_GE(counts.changes, steps_of_a_seed / 400);
    EXPECT_GE(counts.lives, 3u);
    EXPECT_EQ(play.drain(), "") << "seed " << seed;
}

INSTANTIATE_TEST_SUITE_P(Seeds, Interleavings_of_objects, testing::Range<std::uint64_t>(1, 21));

// The driver finds what it is there to find.
std::string found(Object_sabotage sabotage)
{
    Object_play play(3, 7, sabotage);
    return play.run(400'000, 1);
}

TEST(Interleavings_of_broken_objects, ARetirementThatWaitsForNobodyIsFound)
{
    EXPECT_EQ(found(Object_sabotage::no_grace), "an object is used after it was freed");
}

TEST(Interleavings_of_broken_objects, AGateThatOneCoreDoesNotMeetIsFound)
{
    EXPECT_NE(found(Object_sabotage::open_gate), "");
}

TEST(Interleavings_of_broken_objects, ACallThatTakesEffectTwiceIsFound)
{
    EXPECT_NE(found(Object_sabotage::double_effect), "");
}

} // namespace
} // namespace ovm::test
