#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "policy/failing_schedulers.hpp"
#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler/fair_scheduler.hpp"
#include "processor/running_vcpus.hpp"

namespace ovm::test
{
namespace
{

constexpr Ticks slice{1'000'000};

/// Three guests that run until their core is interrupted; each counts how often it was entered.
class Core_exchange : public testing::Test
{
protected:
    Core_exchange()
    {
        arch::hosted::tick_on_each_look(Ticks(10'000));
        for (unsigned i = 0; i < 3; ++i)
        {
            auto& each = machine_.add();
            each.guest = [this, i](arch::hosted::Guest& guest)
            {
                ++entries_[i];
                guest.exit(arch::svm::exit_code::intr);
            };
            each.vcpu->start(processor::Run_state::runnable);
        }
        turn(2);
    }
    void turn(unsigned times)
    {
        for (unsigned i = 0; i < times; ++i)
            machine_.turn();
    }
    void expect_all_run()
    {
        entries_ = {};
        turn(4000); // several turns of the last resort's slice, too
        for (auto const entries : entries_)
            EXPECT_GT(entries, 200u);
    }
    /// A scheduler that outlives its use.
    template <typename T, typename... Arguments>
    T& keep(Arguments... arguments)
    {
        auto made = std::make_shared<T>(arguments...);
        kept_.push_back(made);
        return *made;
    }
    void put_in_charge(processor::Scheduler& scheduler) { EXPECT_TRUE(machine_.core(0).exchange(scheduler)); }
    void expect_replaced(processor::Scheduler& failing)
    {
        put_in_charge(failing);
        expect_all_run();
        EXPECT_EQ(machine_.policies().scheduler_faults.size(), 1u);
    }

    std::vector<std::shared_ptr<void>> kept_{};
    Running_vcpus machine_{1};
    std::array<unsigned, 3> entries_{};
};

TEST_F(Core_exchange, EverybodyRunsOnUnderEachSchedulerInTurn)
{
    for (unsigned round = 0; round < 20 && !HasFailure(); ++round)
    {
        put_in_charge(keep<policy::Fair_scheduler>(policy::Fair_scheduler::Parameters{.slice = slice}));
        turn(7);
        put_in_charge(keep<policy::Deadline_scheduler>(policy::Deadline_scheduler::Parameters{.slice = slice}));
        turn(5);
        put_in_charge(keep<policy::Round_robin_scheduler>(policy::Round_robin_scheduler::Parameters{.slice = slice}));
        expect_all_run();
    }
}

TEST_F(Core_exchange, ARefusedImportLeavesTheOldSchedulerInCharge)
{
    EXPECT_FALSE(machine_.core(0).exchange(keep<Import_refuses>(slice)));
    expect_all_run();
    EXPECT_TRUE(machine_.policies().scheduler_faults.empty());
}

TEST_F(Core_exchange, ASchedulerThatNamesABlockedVcpuIsReplaced)
{
    auto& sleeper = machine_.add();
    sleeper.vcpu->start(processor::Run_state::runnable);
    turn(1);
    put_in_charge(keep<Names_the_blocked>(slice));
    sleeper.vcpu->stop();
    expect_all_run();
    EXPECT_EQ(machine_.policies().scheduler_faults.size(), 1u);
}

TEST_F(Core_exchange, ASchedulerThatNamesNobodyIsReplaced)
{
    expect_replaced(keep<Names_nobody>(slice));
}

TEST_F(Core_exchange, ASchedulerThatBreaksItsContractIsReplaced)
{
    expect_replaced(keep<Breaks_its_contract>(slice, 5u));
}

TEST_F(Core_exchange, AVcpuWhoseExitFailsIsStoppedAlone)
{
    auto& victim = machine_.add();
    victim.guest = [](arch::hosted::Guest& guest) { guest.exit(arch::svm::exit_code::cpuid); };
    victim.on_exit = [](processor::Vcpu&, const arch::Exit&) { OVM_ASSERT(false); };
    victim.vcpu->start(processor::Run_state::runnable);
    expect_all_run();
    EXPECT_EQ(machine_.policies().vcpu_faults.size(), 1u);
    EXPECT_EQ(victim.times_stopped, 1u);
}

TEST_F(Core_exchange, AReservationThatDoesNotFitIsRefused)
{
    put_in_charge(
        keep<policy::Deadline_scheduler>(policy::Deadline_scheduler::Parameters{.slice = slice, .bound = 500}));
    auto const make = [this](std::uint64_t budget)
    {
        auto& made = machine_.add(0, 0, {.budget = Ticks(budget), .period = Ticks(100'000'000)});
        made.vcpu->start(processor::Run_state::runnable);
        turn(2);
        return &made;
    };
    EXPECT_EQ(make(40'000'000)->times_refused, 0u);
    EXPECT_EQ(make(20'000'000)->times_refused, 1u);
    EXPECT_EQ(make(5'000'000)->times_refused, 0u);
}

} // namespace
} // namespace ovm::test
