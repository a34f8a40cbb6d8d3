#include <gtest/gtest.h>

#include <array>

#include "predictor/predictor.hpp"

namespace
{

using namespace ovm;
using modules::Predictor;
using processor::Halt_account;
using processor::Halt_state;
using processor::Vcpu_identity;

constexpr Ticks most{100'000};

class Predictor_test : public testing::Test
{
protected:
    void sleep(Ticks time, unsigned times = 1)
    {
        for (unsigned i = 0; i < times; ++i)
        {
            auto const window = *policy_.poll(vcpu_, account_, Ticks(0));
            ASSERT_TRUE(policy_.woke(vcpu_, account_, time, time < window));
        }
    }
    Ticks window() { return *policy_.poll(vcpu_, account_, Ticks(0)); }

    std::array<std::uint64_t, 1> const values_{most.value()};
    Predictor policy_{object::Values(values_)};
    Vcpu_identity vcpu_{Vm_id(3), Vcpu_index(1)};
    Halt_account account_{};
};

TEST_F(Predictor_test, DoesNotPollForWhomItDoesNotKnow)
{
    EXPECT_EQ(window(), Ticks(0));
    EXPECT_EQ(account_.polls, 0u);
}

TEST_F(Predictor_test, PollsAsLongAsShortSleepsWant)
{
    sleep(Ticks(20'000), 50);
    EXPECT_NEAR(static_cast<double>(window().value()), 40'000.0, 200.0);
    EXPECT_EQ(account_.polls, 50u);
    EXPECT_EQ(account_.hits, 49u);
}

TEST_F(Predictor_test, NeverPollsForEvenLongSleeps)
{
    sleep(most * 2, 100);
    EXPECT_EQ(account_.polls, 0u);
    EXPECT_EQ(window(), Ticks(0));
}

TEST_F(Predictor_test, LearnsBothWays)
{
    sleep(Ticks(10'000), 50);
    sleep(most * 1000, 10);
    EXPECT_EQ(window(), Ticks(0));
    sleep(Ticks(10'000), 40);
    EXPECT_GT(window(), Ticks(10'000));
}

TEST_F(Predictor_test, IsNoWindowLongerThanAllowed)
{
    sleep(Ticks(90'000), 100);
    EXPECT_EQ(window(), most);
}

TEST_F(Predictor_test, TellsVcpusApartAndLeavesUnknownOnesAsleep)
{
    sleep(Ticks(20'000), 10);
    Halt_account other{};
    EXPECT_EQ(*policy_.poll({Vm_id(3), Vcpu_index(2)}, other, Ticks(0)), Ticks(0));
    for (auto const vcpu : {Vcpu_identity{Vm_id(0), Vcpu_index(0)}, Vcpu_identity{Vm_id(33), Vcpu_index(0)},
                            Vcpu_identity{Vm_id(1), Vcpu_index(16)}, Vcpu_identity{Vm_id(~0u), Vcpu_index(~0u)}})
    {
        ASSERT_TRUE(policy_.woke(vcpu, other, Ticks(1000), false));
        EXPECT_EQ(*policy_.poll(vcpu, other, Ticks(0)), Ticks(0));
    }
}

TEST_F(Predictor_test, SaysWhatItCuts)
{
    Halt_state state{.longest = most + Ticks(1)};
    ASSERT_TRUE(policy_.import_state(state));
    EXPECT_EQ(state.lost, Halt_state::window);
    Halt_state out{};
    ASSERT_TRUE(policy_.export_state(out));
    EXPECT_EQ(out.longest, most + Ticks(1));
}

} // namespace
