#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace ovm::test
{

namespace
{

Result<int> half(int number)
{
    if (number % 2 != 0)
        return Error::invalid;
    return number / 2;
}

Result<int> quarter(int number)
{
    int const first = OVM_TRY(half(number));
    return OVM_TRY(half(first));
}

Result<> check(int number, int& reached)
{
    OVM_TRY(half(number));
    ++reached;
    return {};
}

Result<std::unique_ptr<int>> make(bool fails)
{
    if (fails)
        return Error::no_memory;
    return std::make_unique<int>(7);
}

Result<std::unique_ptr<int>> pass_on(bool fails)
{
    auto made = OVM_TRY(make(fails));
    ++*made;
    return made;
}

} // namespace

TEST(Result, TryGivesTheValueOrReturnsTheFirstError)
{
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(6).error(), Error::invalid);
    EXPECT_EQ(quarter(3).error(), Error::invalid);
}

TEST(Result, TryOfAResultWithoutAValueStopsAtAnError)
{
    int reached = 0;
    EXPECT_TRUE(check(2, reached));
    EXPECT_EQ(reached, 1);
    EXPECT_EQ(check(1, reached).error(), Error::invalid);
    EXPECT_EQ(reached, 1);
}

TEST(Result, MovesWhatCannotBeCopied)
{
    EXPECT_EQ(**pass_on(false), 8);
    EXPECT_EQ(pass_on(true).error(), Error::no_memory);
}

TEST(Result, WithoutAValueItIsGoodFromTheStart)
{
    Result<> const nothing{};
    EXPECT_TRUE(nothing.has_value());
    Result<> const error = Error::busy;
    EXPECT_FALSE(error.has_value());
}

TEST(Result, EachErrorHasANameOfItsOwn)
{
    std::array constexpr all{Error::no_memory,   Error::invalid, Error::out_of_range, Error::not_found, Error::exists,
                             Error::busy,        Error::gone,    Error::unsupported,  Error::truncated, Error::corrupt,
                             Error::not_present, Error::denied,  Error::full,         Error::faulted};
    for (std::size_t i = 0; i < all.size(); ++i)
    {
        EXPECT_EQ(static_cast<std::size_t>(all[i]), i) << "an error is missing here";
        EXPECT_NE(to_text(all[i]), "unknown");
        for (std::size_t j = 0; j < i; ++j)
            EXPECT_NE(to_text(all[i]), to_text(all[j]));
    }
    EXPECT_EQ(to_text(static_cast<Error>(all.size())), "unknown") << "an error is missing above";
}

} // namespace ovm::test
