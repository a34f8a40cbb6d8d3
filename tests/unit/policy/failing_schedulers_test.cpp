#include <gtest/gtest.h>

#include <atomic>
#include <initializer_list>
#include <thread>

#include "policy/failing_schedulers.hpp"
#include "policy/scheduler_simulator.hpp"

/// The harness sees what each failing policy does wrong, so that it can be trusted when it sees nothing.
namespace
{

using namespace ovm;
using namespace ovm::test;

constexpr Ticks slice{100'000};

struct Fault
{
    Shared_scheduler scheduler;
    const char* complaint;
};

TEST(Failing_schedulers_test, TheSimulatorSeesEachFault)
{
    for (auto const& [scheduler, complaint] : {
             Fault{make_scheduler<Names_the_blocked>(slice), "who is not runnable"},
             Fault{make_scheduler<Names_nobody>(slice), "idles while somebody is runnable"},
             Fault{make_scheduler<Never_returns_the_core>(slice), "for ever while others wait"},
         })
    {
        Scheduler_simulator simulator(scheduler);
        for (unsigned i = 0; i < 3; ++i)
            simulator.add();
        simulator.run(slice * 2);
        simulator.block(1);
        simulator.run(slice * 2);
        EXPECT_NE(simulator.complaints().find(complaint), std::string::npos)
            << complaint << ", but: " << simulator.complaints();
    }
}

/// Counts no service.
class Forgets_service final : public Sound_scheduler
{
public:
    explicit Forgets_service(Ticks length) : Sound_scheduler(length) {}
    Result<> export_state(processor::Scheduler_state& state) override
    {
        for (auto& vcpu : state.vcpus)
            vcpu.account().ran = {};
        return {};
    }
};

TEST(Failing_schedulers_test, TheSimulatorMissesService)
{
    Scheduler_simulator simulator(make_scheduler<Forgets_service>(slice));
    simulator.add();
    simulator.run(slice);
    EXPECT_TRUE(simulator.export_only());
    EXPECT_NE(simulator.complaints().find("accounts 0 of 100000"), std::string::npos) << simulator.complaints();
}

TEST(Failing_schedulers_test, WhoCannotBeMadeIsNot)
{
    EXPECT_EQ(Unmakable_scheduler::check(slice).error(), Error::out_of_range);
    EXPECT_EQ(Unmakable_scheduler::create(slice).error(), Error::no_memory);
}

TEST(Failing_schedulers_test, TheOldOneGoesOnWhenASwapFails)
{
    Scheduler_simulator simulator(make_scheduler<Export_fails>(slice));
    for (unsigned i = 0; i < 3; ++i)
        simulator.add();
    simulator.run(slice * 4);
    EXPECT_EQ(simulator.swap(make_scheduler<Export_fails>(slice)).error(), Error::corrupt);
    simulator.run(slice * 4);

    Scheduler_simulator other(
        make_scheduler<policy::Round_robin_scheduler>(policy::Round_robin_scheduler::Parameters{.slice = slice}));
    for (unsigned i = 0; i < 3; ++i)
        other.add();
    other.run(slice * 4);
    EXPECT_EQ(other.swap(make_scheduler<Import_refuses>(slice)).error(), Error::denied);
    other.run(slice * 4);
    EXPECT_EQ(simulator.trace(), other.trace());
    EXPECT_EQ(simulator.complaints() + other.complaints(), "");
}

TEST(Failing_schedulers_test, ABrokenContractIsReported)
{
    Scheduler_simulator simulator(make_scheduler<Breaks_its_contract>(slice, 2u));
    simulator.add();
    simulator.choose_now();
    simulator.choose_now();
    EXPECT_DEATH(simulator.choose_now(), "precondition broken: has_choices_left");
}

TEST(Failing_schedulers_test, ALoopLastsUntilItIsLetGo)
{
    std::atomic<bool> let_go{false};
    auto const looping = std::make_shared<Loops>(slice, let_go);
    Scheduler_simulator simulator(looping);
    simulator.add();
    std::thread core([&] { simulator.choose_now(); });
    while (looping->rounds.load() < 1000)
        std::this_thread::yield();
    EXPECT_TRUE(looping->loops);
    EXPECT_TRUE(simulator.trace().empty());
    let_go = true;
    core.join();
    EXPECT_EQ(simulator.trace().size(), 1u);
}

} // namespace
