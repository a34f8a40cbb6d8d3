#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "arch/translation_tags.hpp"

namespace
{

using namespace ovm;
using arch::Translation_tag;
using arch::Translation_tags;

TEST(Translation_tags, ANewTagIsHeldNowhere)
{
    for (std::uint32_t core = 0; core < 4; ++core)
        EXPECT_FALSE(Translation_tags(Core_id(core), 16).holds(Translation_tag{}));
}

TEST(Translation_tags, TheFirstGrantFlushesWhatWasThereBefore)
{
    Translation_tags tags(Core_id(0), 16);
    EXPECT_TRUE(tags.take().flush_all);
    EXPECT_FALSE(tags.take().flush_all);
}

TEST(Translation_tags, NoCoreHoldsAnothersTag)
{
    Translation_tags first(Core_id(0), 16), second(Core_id(1), 16);
    auto const of_first = first.take().tag;
    auto const of_second = second.take().tag;
    EXPECT_EQ(of_first.number, of_second.number);
    EXPECT_TRUE(first.holds(of_first));
    EXPECT_FALSE(second.holds(of_first));
    EXPECT_FALSE(first.holds(of_second));
}

TEST(Translation_tags, ExhaustionMakesAllInvalidAndFlushesOnce)
{
    Translation_tags tags(Core_id(2), 16);
    std::vector<Translation_tag> old;
    for (unsigned i = 0; i < 15; ++i)
        old.push_back(tags.take().tag);
    for (auto const& tag : old)
        EXPECT_TRUE(tags.holds(tag));
    auto const next = tags.take();
    EXPECT_TRUE(next.flush_all);
    EXPECT_EQ(next.tag.number, 1u);
    for (auto const& tag : old)
        EXPECT_FALSE(tags.holds(tag));
}

/// A translation buffer that is never flushed but when it is told to: nobody may ever meet another's entries, or his
/// own from before he forgot his tag.
TEST(Translation_tags, RandomLivesNeverMeetStaleTranslations)
{
    constexpr unsigned owners = 200;
    for (std::uint32_t count : {2u, 3u, 16u, 256u})
    {
        std::mt19937 random(count);
        Translation_tags tags(Core_id(1), count);
        struct Owner
        {
            Translation_tag tag{};
            unsigned view = 0; ///< changes when its translations do
        };
        std::vector<Owner> all(owners);
        std::vector<std::set<std::pair<unsigned, unsigned>>> buffer(count);
        buffer[random() % count].insert({owners, 0}); // somebody's before us
        for (unsigned step = 0; step < 50000; ++step)
        {
            auto const who = static_cast<unsigned>(random() % (step % 1000 < 500 ? 12 : owners));
            auto& owner = all[who];
            if (random() % 5 == 0)
            {
                owner.tag = {};
                ++owner.view;
            }
            if (!tags.holds(owner.tag))
            {
                auto const grant = tags.take();
                owner.tag = grant.tag;
                if (grant.flush_all)
                    std::ranges::for_each(buffer, [](auto& entries) { entries.clear(); });
            }
            ASSERT_GE(owner.tag.number, 1u);
            ASSERT_LT(owner.tag.number, count);
            auto& entries = buffer[owner.tag.number];
            for (auto const& [whose, view] : entries)
            {
                ASSERT_EQ(whose, who);
                ASSERT_EQ(view, owner.view);
            }
            entries.insert({who, owner.view});
        }
    }
}

} // namespace
