#include "object/adaptor/parameters.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace ovm::object
{
namespace
{

constexpr std::array<Parameter, 3> list{{{"slice", Unit::nanoseconds, 10'000'000, 1'000, 1'000'000'000, ""},
                                         {"step", Unit::bytes, 4096, 1, 1 << 20, ""},
                                         {"weight", Unit::number, 3, 0, 10, ""}}};
constexpr Policy_description policy{"test", "a test", list};

std::string text_of(const Parameters& parameters)
{
    std::array<char, 100> storage{};
    Text_writer text(storage);
    parameters.write(text);
    return std::string(text.view());
}

TEST(Parameters, BeginAtTheirInitialValues)
{
    EXPECT_EQ(text_of(Parameters(policy)), "slice=10ms step=4K weight=3");
}

TEST(Parameters, AreSetFromTextInTheirUnit)
{
    Parameters parameters(policy);
    EXPECT_TRUE(parameters.set("slice", "250us"));
    EXPECT_EQ(parameters["slice"], 250'000u);
    EXPECT_TRUE(parameters.set("step", "1M"));
    EXPECT_EQ(parameters["step"], 1u << 20);
    EXPECT_TRUE(parameters.set("weight", "0"));
    EXPECT_EQ(text_of(parameters), "slice=250us step=1M weight=0");
}

TEST(Parameters, RefuseWhatIsWrongAndStay)
{
    Parameters parameters(policy);
    EXPECT_EQ(parameters.set("colour", "1").error(), Error::not_found);
    for (auto const* const wrong : {"", "ms", "10", "10m", "-1ms", "1 ms", "99999999999999999999ms", "18446744074s"})
        EXPECT_EQ(parameters.set("slice", wrong).error(), Error::invalid) << wrong;
    EXPECT_EQ(parameters.set("slice", "2s").error(), Error::out_of_range);
    EXPECT_EQ(parameters.set("slice", "999ns").error(), Error::out_of_range);
    EXPECT_EQ(parameters.set("weight", "11").error(), Error::out_of_range);
    EXPECT_EQ(text_of(parameters), "slice=10ms step=4K weight=3");
}

TEST(Parameters, WhatIsWrittenIsReadBack)
{
    std::mt19937_64 dice(7);
    for (unsigned i = 0; i < 2000; ++i)
    {
        auto const value = dice() >> (dice() % 64);
        for (auto const unit : {Unit::number, Unit::nanoseconds, Unit::bytes})
        {
            std::array<char, 40> storage{};
            Text_writer text(storage);
            write_value(text, value, unit);
            EXPECT_EQ(parse_value(text.view(), unit), value) << text.view();
        }
    }
}

} // namespace
} // namespace ovm::object
