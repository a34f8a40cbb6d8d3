// In modules/ of OVM's tree, `./test unit` runs it.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "policy/scheduler_simulator.hpp"
#include "template-name/template_file.hpp"

namespace ovm::test
{
namespace
{

constexpr Ticks slice{1'000};

Shared_scheduler make()
{
    std::array<std::uint64_t, 1> const values{slice.value()};
    return std::make_shared<modules::Template_class>(object::Values(values));
}

} // namespace

TEST(Template_class, EveryoneGetsTheSame)
{
    Scheduler_simulator simulator(make());
    for (unsigned count = 0; count < 4; ++count)
        simulator.add();
    simulator.run(slice * 400);
    EXPECT_EQ(simulator.complaints(), "");
    for (unsigned who = 0; who < 4; ++who)
        EXPECT_EQ(simulator.served(who), slice * 100);
}

TEST(Template_class, LivesThroughAnythingAndHandsOver)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
    {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        Scheduler_simulator simulator(make());
        for (unsigned count = 0; count < 8; ++count)
            simulator.add();
        simulator.live(random, 300, slice * 2);
        ASSERT_TRUE(simulator.swap(make()));
        simulator.live(random, 300, slice * 2, true);
        ASSERT_EQ(simulator.complaints(), "");
    }
}

} // namespace ovm::test
