#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/static_vector.hpp"

namespace ovm::test
{

namespace
{

template <std::size_t N>
std::vector<int> content(const Static_vector<int, N>& vector)
{
    return {vector.begin(), vector.end()};
}

Static_vector<int, 4> filled(std::initializer_list<int> values)
{
    Static_vector<int, 4> vector;
    for (int const value : values)
        EXPECT_TRUE(vector.push_back(value));
    return vector;
}

} // namespace

TEST(Static_vector, KeepsOrderUpToItsCapacity)
{
    Static_vector<int, 3> vector;
    EXPECT_TRUE(vector.empty());
    EXPECT_EQ(vector.capacity(), 3u);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(vector.push_back(i));
    EXPECT_EQ(vector.push_back(3).error(), Error::full);
    EXPECT_EQ(content(vector), (std::vector{0, 1, 2}));
    EXPECT_EQ(vector.back(), 2);
    vector.pop_back();
    EXPECT_EQ(content(vector), (std::vector{0, 1}));
    vector.clear();
    EXPECT_TRUE(vector.empty());
    EXPECT_EQ(vector.begin(), vector.end());
}

TEST(Static_vector, InsertsAtEachPlace)
{
    auto vector = filled({1, 3});
    EXPECT_TRUE(vector.insert(1, 2));
    EXPECT_TRUE(vector.insert(0, 0));
    EXPECT_EQ(content(vector), (std::vector{0, 1, 2, 3}));
    EXPECT_EQ(vector.insert(2, 9).error(), Error::full);
    EXPECT_EQ(content(vector), (std::vector{0, 1, 2, 3}));
    vector.erase(3);
    EXPECT_TRUE(vector.insert(3, 4));
    EXPECT_EQ(content(vector), (std::vector{0, 1, 2, 4}));
}

TEST(Static_vector, ErasesAtEachPlace)
{
    auto vector = filled({0, 1, 2, 3});
    vector.erase(3);
    vector.erase(0);
    EXPECT_EQ(content(vector), (std::vector{1, 2}));
    vector.erase(0);
    vector.erase(0);
    EXPECT_TRUE(vector.empty());
}

TEST(Static_vector, MovesWhatCannotBeCopied)
{
    Static_vector<std::unique_ptr<int>, 3> vector;
    EXPECT_TRUE(vector.push_back(std::make_unique<int>(2)));
    EXPECT_TRUE(vector.insert(0, std::make_unique<int>(1)));
    EXPECT_EQ(*vector[0], 1);
    EXPECT_EQ(*vector[1], 2);
    vector.erase(0);
    EXPECT_EQ(*vector[0], 2);
}

TEST(Static_vector, ShowsOnlyWhatItHolds)
{
    auto vector = filled({5, 6});
    EXPECT_EQ(vector.items().size(), 2u);
    vector.items()[1] = 7;
    EXPECT_EQ(vector[1], 7);
    EXPECT_EQ(std::ranges::count(vector, 5), 1);
}

TEST(Static_vector_death, ReachesNothingBeyondItsSize)
{
    auto vector = filled({1});
    auto const& constant = vector;
    EXPECT_DEATH(static_cast<void>(vector[1]), "precondition broken: index < size_");
    EXPECT_DEATH(static_cast<void>(constant[1]), "precondition broken: index < size_");
    EXPECT_DEATH(vector.erase(1), "precondition broken: index < size_");
    EXPECT_DEATH(static_cast<void>(vector.insert(2, 0)), "precondition broken: index <= size_");
    vector.clear();
    EXPECT_DEATH(vector.pop_back(), "precondition broken: size_ > 0");
    EXPECT_DEATH(static_cast<void>(vector.back()), "precondition broken: index < size_");
}

} // namespace ovm::test
