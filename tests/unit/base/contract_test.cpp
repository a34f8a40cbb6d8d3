#include <gtest/gtest.h>

#include "base/contract.hpp"

namespace ovm::test
{

TEST(Contract, OneThatHoldsCostsOneLook)
{
    int looks = 0;
    auto const holds = [&]
    {
        ++looks;
        return true;
    };
    OVM_REQUIRES_THAT(holds());
    OVM_ENSURES(holds());
    OVM_INVARIANT(holds());
    OVM_ASSERT(holds());
    EXPECT_EQ(looks, 4);
}

TEST(Contract_death, OneThatIsBrokenSaysItsKindItsWordsAndItsPlace)
{
    int const size = 3;
    EXPECT_DEATH(OVM_REQUIRES_THAT(size < 2), "precondition broken: size < 2 at contract_test.cpp:[0-9]+");
    EXPECT_DEATH(OVM_ENSURES(size < 2), "postcondition broken: size < 2");
    EXPECT_DEATH(OVM_INVARIANT(size < 2), "invariant broken: size < 2");
    EXPECT_DEATH(OVM_ASSERT(size < 2), "assertion broken: size < 2");
    EXPECT_DEATH(OVM_UNREACHABLE("it ends before"), "unreachable broken: it ends before");
}

TEST(Contract_death, CommasNeedNoSecondPairOfParentheses)
{
    auto const least = [](int a, int b) { return a < b ? a : b; };
    OVM_ASSERT(least(1, 2) == 1);
    EXPECT_DEATH(OVM_ASSERT(least(1, 2) == 2), "least\\(1, 2\\) == 2");
}

} // namespace ovm::test
