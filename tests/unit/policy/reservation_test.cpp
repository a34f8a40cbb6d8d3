#include <gtest/gtest.h>

#include "policy/scheduler/reservation.hpp"
#include "policy/scheduler_simulator.hpp"

namespace
{

using namespace ovm;
namespace reservation = policy::reservation;

constexpr Ticks budget{20'000};
constexpr Ticks period{100'000};
constexpr Ticks deadline{1'000'000};

class Reservation_test : public testing::Test
{
protected:
    void SetUp() override { vcpu_.account().deadline = deadline; }
    Ticks left() { return vcpu_.account().budget_left; }
    Ticks next() { return vcpu_.account().deadline; }

    test::Fake_vcpu vcpu_{processor::Scheduling_parameters{.budget = budget, .period = period}};
};

TEST_F(Reservation_test, APeriodFollowsTheLastOne)
{
    reservation::renew(vcpu_, deadline + period - Ticks(1));
    EXPECT_EQ(next(), deadline + period);
    EXPECT_EQ(left(), budget);
}

TEST_F(Reservation_test, APeriodThatWasMissedBeginsNow)
{
    reservation::renew(vcpu_, deadline + period);
    EXPECT_EQ(next(), deadline + period * 2);
    EXPECT_EQ(left(), budget);
}

TEST_F(Reservation_test, WhoWakesKeepsWhatIsLeftOfItsPeriod)
{
    vcpu_.account().budget_left = Ticks(5'000);
    reservation::resume(vcpu_, deadline - period);
    EXPECT_EQ(next(), deadline);
    EXPECT_EQ(left(), Ticks(5'000));
}

/// As a policy may have left it that knows no periods.
TEST_F(Reservation_test, WhatMakesNoSenseIsRenewedOnWaking)
{
    vcpu_.account().budget_left = Ticks(5'000);
    reservation::resume(vcpu_, deadline - period * 5);
    EXPECT_EQ(next(), deadline - period * 4);
    EXPECT_EQ(left(), budget);
    vcpu_.account().budget_left = budget + Ticks(1);
    reservation::resume(vcpu_, next() - period / 2);
    EXPECT_EQ(left(), budget);
}

TEST_F(Reservation_test, TheNextBudgetPaysForWhatRanAfterTheLast)
{
    vcpu_.account().budget_left = Ticks(10'000);
    reservation::charge(vcpu_, Ticks(15'000), deadline + Ticks(10'000));
    EXPECT_EQ(next(), deadline + period);
    EXPECT_EQ(left(), budget - Ticks(5'000));
}

TEST_F(Reservation_test, NobodyPaysForAPeriodThatIsOver)
{
    reservation::charge(vcpu_, period, deadline + period);
    EXPECT_EQ(next(), deadline + period * 2);
    EXPECT_EQ(left(), budget);
}

} // namespace
