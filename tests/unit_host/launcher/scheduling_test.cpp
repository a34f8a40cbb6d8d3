#include <gtest/gtest.h>

#include "launcher/description/guest_option.hpp"
#include "launcher/description/machine.hpp"
#include "launcher/description/text.hpp"
#include "launcher/description/toml_file.hpp"
#include "launcher/fixtures.hpp"

namespace ovm::launcher
{

namespace
{

/// What guests say about their scheduling.
class Scheduling_test : public testing::Test
{
protected:
    Checked<Guest> make(const Guest_request& guest)
    {
        Machine_request request;
        request.guests.push_back(guest);
        request.guests.back().kernel = Setting<std::string>{kernel, "--guest"};
        auto machine = OVM_CHECKED(make_machine(request, Defaults{}));
        return std::move(machine.guests.front());
    }
    std::string failure(const std::string& text)
    {
        auto const request = parse_guest_option(text, "--guest");
        if (!request)
            return request.error().line();
        auto const guest = make(*request);
        return guest ? "(no failure)" : guest.error().line();
    }

    Test_folder folder;
    std::string kernel = folder.write("vmlinuz", make_bzimage());
};

} // namespace

TEST_F(Scheduling_test, is_usual_when_nothing_is_said)
{
    auto const guest = make(*parse_guest_option("name=a", "--guest"));
    ASSERT_TRUE(guest) << guest.error().line();
    EXPECT_EQ(guest->weight, 100u);
    EXPECT_EQ(guest->budget, 0u);
    EXPECT_EQ(guest->period, 0u);
    EXPECT_EQ(guest->latency, 0u);
}

TEST_F(Scheduling_test, is_taken_from_options)
{
    auto const guest = make(*parse_guest_option("weight=10000,budget=50us,period=4s,latency=1.5ms", "--guest"));
    ASSERT_TRUE(guest) << guest.error().line();
    EXPECT_EQ(guest->weight, 10000u);
    EXPECT_EQ(guest->budget, 50'000u);
    EXPECT_EQ(guest->period, 4'000'000'000u);
    EXPECT_EQ(guest->latency, 1'500'000u);
    EXPECT_EQ(failure("budget=100us,period=100us"), "(no failure)");
    EXPECT_EQ(failure("budget=4s,period=4s,weight=1,latency=1us"), "(no failure)");
}

TEST_F(Scheduling_test, of_a_description_is_overridden_by_options)
{
    auto below = parse_description("[[guest]]\nname = \"a\"\nweight = 200\nbudget = \"5ms\"\nperiod = \"20ms\"\n"
                                   "latency = \"1ms\"\n",
                                   "m.toml", "");
    ASSERT_TRUE(below) << below.error().line();
    Machine_request above;
    above.guests.push_back(*parse_guest_option("name=a,weight=300,period=10ms,latency=2ms", "--guest"));
    auto const both = overlay(*below, above);
    ASSERT_EQ(both.guests.size(), 1u);
    auto const guest = make(both.guests.front());
    ASSERT_TRUE(guest) << guest.error().line();
    EXPECT_EQ(guest->weight, 300u);
    EXPECT_EQ(guest->budget, 5'000'000u);
    EXPECT_EQ(guest->period, 10'000'000u);
    EXPECT_EQ(guest->latency, 2'000'000u);

    above.guests.front().budget = Setting<std::uint64_t>{11'000'000, "--guest"};
    auto const refused = make(overlay(*below, above).guests.front());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().line(),
              "--guest: budget is 11ms, longer than its period of 10ms; give a budget of at most the period");
}

TEST_F(Scheduling_test, mistakes_are_told)
{
    for (std::string const weight : {"0", "10001", "-1", "x"})
        EXPECT_EQ(failure("weight=" + weight), "--guest: weight is '" + weight + "'; give a number from 1 to 10000");
    EXPECT_EQ(failure("budget=5"), "--guest: budget is '5'; write its unit too: 5ms or 5us");
    EXPECT_EQ(failure("budget=soon"), "--guest: budget is 'soon'; give a duration as 5ms or 500us");
    EXPECT_EQ(failure("budget=49us"), "--guest: budget is '49us'; give a duration from 50us to 4s");
    EXPECT_EQ(failure("period=99999ns"), "--guest: period is '99999ns'; give a duration from 100us to 4s");
    EXPECT_EQ(failure("period=4.1s"), "--guest: period is '4.1s'; give a duration from 100us to 4s");
    EXPECT_EQ(failure("latency=0ms"), "--guest: latency is '0ms'; give a duration from 1us to 4s");
    EXPECT_EQ(failure("name=a,budget=5ms"),
              "--guest: 'a' has a budget and no period; give both, as budget=5ms and period=20ms, or neither");
    EXPECT_EQ(failure("name=a,period=5ms"),
              "--guest: 'a' has a period and no budget; give both, as budget=5ms and period=20ms, or neither");
    EXPECT_EQ(failure("budget=5ms,period=4ms"),
              "--guest: budget is 5ms, longer than its period of 4ms; give a budget of at most the period");
    EXPECT_EQ(failure("wieght=5"), "--guest: unknown key 'wieght'; did you mean 'weight'?");
}

} // namespace ovm::launcher
