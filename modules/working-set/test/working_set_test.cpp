#include <gtest/gtest.h>

#include <array>
#include <random>

#include "policy/population/lazy.hpp"
#include "working-set/working_set.hpp"

namespace
{

using namespace ovm;
using memory::Neighbours;
using memory::Population_state;
using memory::Touched_region;
using modules::Working_set;

constexpr std::uint64_t region = Touched_region::pages;

class Working_set_test : public testing::Test
{
protected:
    static std::array<std::uint64_t, 1> values(std::uint64_t most) { return {most}; }
    /// How many pages a touch of that page gives.
    static unsigned touch(memory::Population& policy, std::uint64_t page)
    {
        auto const more = policy.touched(Guest_physical(page * page_size.value())).value();
        EXPECT_LE(more.before, page);
        EXPECT_EQ((page - more.before) % (more.before + more.behind + 1u), 0u) << "a block aligned to its size";
        return more.before + more.behind + 1u;
    }

    std::array<std::uint64_t, 1> const values_ = values(16);
    Working_set policy_{object::Values(values_)};
};

TEST_F(Working_set_test, ARegionThatIsTouchedAgainGetsMore)
{
    for (unsigned const wanted : {1u, 2u, 4u, 8u, 16u, 16u, 16u})
        EXPECT_EQ(touch(policy_, 3), wanted);
}

TEST_F(Working_set_test, WhatIsTouchedAloneComesAlone)
{
    std::mt19937_64 random(1);
    unsigned given = 0;
    for (unsigned i = 0; i < 1000; ++i)
        given += touch(policy_, random() % (std::uint64_t{1} << 36));
    EXPECT_EQ(given, 1000u);
}

TEST_F(Working_set_test, ABusyRegionsNeighbourBeginsWithHalf)
{
    for (unsigned i = 0; i < 8; ++i)
        touch(policy_, 5 * region);
    EXPECT_EQ(touch(policy_, 6 * region), 16u) << "above: half of 8, and itself";
    EXPECT_EQ(touch(policy_, 4 * region), 16u) << "below";
    EXPECT_EQ(touch(policy_, 9 * region), 1u) << "away";
}

TEST_F(Working_set_test, GivesNoMoreThanItMay)
{
    auto const most = values(4);
    Working_set policy{object::Values(most)};
    for (unsigned i = 0; i < 100; ++i)
        EXPECT_LE(touch(policy, 9), 4u);
    for (std::uint64_t const bad : {0u, 3u, 12u, 17u, 32u})
        EXPECT_EQ(Working_set::check(values(bad)).error(), Error::out_of_range);
    for (std::uint64_t const good : {1u, 2u, 8u, 16u})
        EXPECT_TRUE(Working_set::check(values(good)));
}

TEST_F(Working_set_test, EndsOfTheAddressSpaceAreLikeAnyPlace)
{
    for (unsigned i = 0; i < 6; ++i)
    {
        EXPECT_GE(touch(policy_, 0), 1u);
        EXPECT_GE(touch(policy_, ~std::uint64_t{0} / page_size.value()), 1u);
    }
}

TEST_F(Working_set_test, GivesNothingAheadAndSaysSo)
{
    Population_state state{.progress = {.end = Guest_physical{4096}, .total = Pages{1}}, .ahead = true};
    ASSERT_TRUE(policy_.import_state(state));
    EXPECT_EQ(state.lost, Population_state::rest);
    EXPECT_EQ(policy_.ahead(state.progress).value(), Bytes{0});
    EXPECT_EQ(policy_.largest().value(), memory::small_order);
    state.progress.given = Pages{2};
    EXPECT_EQ(policy_.import_state(state).error(), Error::invalid);
}

TEST_F(Working_set_test, WhatItLearnedGoesToAnotherOfItsKindAndOthersNameItAsLost)
{
    std::mt19937_64 random(2);
    for (unsigned i = 0; i < 500; ++i)
        touch(policy_, random() % (100 * region));
    Population_state state{};
    ASSERT_TRUE(policy_.export_state(state));
    Working_set next{object::Values(values_)};
    ASSERT_TRUE(next.import_state(state));
    EXPECT_EQ(state.lost, Population_state::none);
    for (unsigned i = 0; i < 500; ++i)
    {
        auto const page = random() % (100 * region);
        ASSERT_EQ(touch(policy_, page), touch(next, page));
    }
    policy::Lazy_population lazy;
    ASSERT_TRUE(lazy.import_state(state));
    EXPECT_EQ(state.lost, Population_state::learned);
    Population_state back{};
    ASSERT_TRUE(lazy.export_state(back));
    EXPECT_EQ(back.progress, state.progress);
    Working_set again{object::Values(values_)};
    ASSERT_TRUE(again.import_state(back));
    EXPECT_EQ(touch(again, 3), 1u) << "it learns anew";
}

} // namespace
