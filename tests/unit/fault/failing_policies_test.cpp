#include <chrono>
#include <thread>

#include "arch/hang.hpp"
#include "arch/hosted/injection.hpp"
#include "fault/failing_policies.hpp"
#include "fault/managed_machine.hpp"
#include "processor/timer_queue.hpp"
#include "processor/watchdog.hpp"

/// Each way in which a policy can fail, for each family: the old one goes on or comes back, and the record says why.
namespace ovm::test
{
namespace
{

using Step = Misbehaviour::Step;
using How = Misbehaviour::How;

constexpr std::string_view failing = "fails";

struct Family_case
{
    std::string_view resource;
    std::string_view built_in;
    std::string_view other;
};

constexpr std::array<Family_case, 6> families{{{"scheduler", "round-robin", "fair"},
                                               {"frames", "first-touch", "huge-first"},
                                               {"placement", "static", "least-loaded"},
                                               {"halt", "at-once", "adaptive"},
                                               {"population", "lazy", "eager"},
                                               {"collection", "paced", "idle-time"}}};

class Failing_policies : public Managed_machine
{
protected:
    Failing_policies()
    {
        EXPECT_TRUE(policies().scheduler.add(scheduler_));
        EXPECT_TRUE(policies().halt.add(halt_));
        EXPECT_TRUE(policies().frames_adaptor().add(frames_));
        EXPECT_TRUE(policies().population_adaptor().add(population_));
        EXPECT_TRUE(policies().placement.add(placement_));
        EXPECT_TRUE(policies().collection.add(collection_));
    }
    void expect_failed_swap(const Family_case& family, std::string_view from, object::Swap_phase phase, Error error)
    {
        auto const& adaptor = policies().adaptor(family.resource);
        auto const& record = adaptor.history()[adaptor.history()[0].returned ? 1 : 0];
        EXPECT_EQ(record.reached, phase);
        EXPECT_EQ(record.error, error);
        EXPECT_EQ(record.from, from);
        EXPECT_FALSE(record.returned);
    }

    Misbehaviour plan_{};
    Test_factory<processor::Scheduler> scheduler_ =
        failing_factory<processor::Scheduler, Failing_scheduler>(failing, &plan_);
    Test_factory<processor::Halt> halt_ = failing_factory<processor::Halt, Failing_halt>(failing, &plan_);
    Test_factory<memory::Frame_policy> frames_ =
        failing_factory<memory::Frame_policy, Failing_frames>(failing, &plan_, &machine_.pool());
    Test_factory<object::Collection_policy> collection_ =
        failing_factory<object::Collection_policy, Failing_collection>(failing, &plan_);
    Test_factory<memory::Population> population_ =
        failing_factory<memory::Population, Failing_population>(failing, &plan_);
    Test_factory<processor::Placement> placement_ =
        failing_factory<processor::Placement, Failing_placement>(failing, &plan_, cores);
};

/// The machine's list shows what it ended with: with a fault in each phase up to the last one, nothing has changed; in
/// that, all has.
TEST_F(Failing_policies, AFaultOfTheSwapItselfLeavesOneOfBothInCharge)
{
    auto& plan = arch::hosted::injection_plan();
    for (auto const& family : families)
    {
        ASSERT_TRUE(swap(family.resource, family.other)); // now all its places are known
        ASSERT_TRUE(swap(family.resource, family.built_in));
    }
    for (auto const& family : families)
    {
        for (std::string_view const place : {"swap: before a policy is made", "swap: before the gates close",
                                             "swap: before a state is carried", "swap: before the old policies end"})
        {
            SCOPED_TRACE(family.resource);
            SCOPED_TRACE(place);
            bool const committed = place == "swap: before the old policies end";
            plan.arm(plan.find(place), 1, arch::Fault::Kind::contract);
            EXPECT_EQ(swap(family.resource, family.other), committed);
            EXPECT_NE(plan.disarm(), nullptr);
            EXPECT_EQ(in_charge(family.resource), committed ? family.other : family.built_in);
            auto const& record = last(family.resource);
            EXPECT_EQ(record.reached == object::Swap_phase::done, committed);
            EXPECT_EQ(record.from, family.built_in);
            EXPECT_EQ(record.to, family.other);
        }
        ASSERT_TRUE(swap(family.resource, family.built_in));
    }
    plan.forget();
    expect_all_run();
}

TEST_F(Failing_policies, OneThatCannotBeMadeIsNotSwappedIn)
{
    for (auto const& family : families)
    {
        SCOPED_TRACE(family.resource);
        plan_.arm(Step::construct, How::refuses);
        EXPECT_FALSE(swap(family.resource, failing));
        expect_failed_swap(family, family.built_in, object::Swap_phase::construct, Error::no_memory);
        EXPECT_EQ(in_charge(family.resource), family.built_in);
    }
    EXPECT_TRUE(policies().faults().empty());
    expect_all_run();
}

TEST_F(Failing_policies, OneWhoseConstructorFaultsIsNotSwappedIn)
{
    for (auto const& family : families)
    {
        SCOPED_TRACE(family.resource);
        auto const left = policies().policies_left();
        auto const before = policies().faults().size();
        plan_.arm(Step::construct, How::breaks);
        EXPECT_FALSE(swap(family.resource, failing));
        expect_failed_swap(family, family.built_in, object::Swap_phase::construct, Error::faulted);
        EXPECT_EQ(in_charge(family.resource), family.built_in);
        EXPECT_EQ(policies().faults().size(), before + 1);
        EXPECT_EQ(policies().faults().back().resource, family.resource);
        EXPECT_EQ(policies().policies_left(), left) << "what it was to live in is free again";
    }
    expect_all_run();
}

TEST_F(Failing_policies, OneThatExportsNothingGoesOn)
{
    for (auto const& family : families)
    {
        SCOPED_TRACE(family.resource);
        ASSERT_TRUE(swap(family.resource, failing));
        plan_.arm(Step::export_state, How::refuses);
        EXPECT_FALSE(swap(family.resource, family.other));
        expect_failed_swap(family, failing, object::Swap_phase::carry, Error::denied);
        EXPECT_EQ(in_charge(family.resource), failing);
    }
    EXPECT_TRUE(policies().faults().empty());
    expect_all_run();
}

TEST_F(Failing_policies, OneThatFaultsWhileItExportsIsReplaced)
{
    for (auto const& family : families)
    {
        SCOPED_TRACE(family.resource);
        ASSERT_TRUE(swap(family.resource, failing));
        plan_.arm(Step::export_state, How::breaks);
        EXPECT_FALSE(swap(family.resource, family.other));
        turn(100);
        expect_failed_swap(family, failing, object::Swap_phase::carry, Error::faulted);
        EXPECT_TRUE(last(family.resource).returned);
        if (family.resource == "scheduler") // one core alone: there it is made anew
            EXPECT_EQ(in_charge(family.resource), failing);
        else
            EXPECT_EQ(in_charge(family.resource), family.built_in);
    }
    expect_all_run();
}

TEST_F(Failing_policies, OneThatRefusesTheStateIsNotSwappedIn)
{
    for (auto const& family : families)
    {
        SCOPED_TRACE(family.resource);
        plan_.arm(Step::import_state, How::refuses);
        EXPECT_FALSE(swap(family.resource, failing));
        expect_failed_swap(family, family.built_in, object::Swap_phase::carry, Error::denied);
        EXPECT_EQ(in_charge(family.resource), family.built_in);
    }
    EXPECT_TRUE(policies().faults().empty());
    expect_all_run();
}

TEST_F(Failing_policies, OneThatFaultsWhileItImportsIsNotSwappedIn)
{
    for (auto const& family : families)
    {
        SCOPED_TRACE(family.resource);
        plan_.arm(Step::import_state, How::breaks);
        EXPECT_FALSE(swap(family.resource, failing));
        turn(100);
        expect_failed_swap(family, family.built_in, object::Swap_phase::carry, Error::faulted);
        EXPECT_EQ(in_charge(family.resource), family.built_in);
    }
    EXPECT_EQ(policies().faults().size(), families.size());
    expect_all_run();
}

/// Within the probation of one that came from another, that one is back.
TEST_F(Failing_policies, OneThatBreaksItsContractGivesWayToTheLastGoodOne)
{
    ASSERT_TRUE(swap("scheduler", "fair"));
    ASSERT_TRUE(swap("scheduler", failing));
    plan_.arm(Step::decide, How::breaks, 7);
    expect_returned("scheduler", failing, "fair");
    expect_faults(1, "scheduler");
    expect_all_run();
}

TEST_F(Failing_policies, ASchedulerThatNamesNobodyGivesWay)
{
    auto const names_nobody = factory_of<processor::Scheduler, Names_nobody>("names-nobody", Managed_policies::slice);
    ASSERT_TRUE(policies().scheduler.add(names_nobody));
    EXPECT_FALSE(swap("scheduler", "names-nobody")) << "it failed on one core while the other one was asked";
    expect_returned("scheduler", "round-robin", "round-robin");
    EXPECT_EQ(policies().scheduler.history()[1].to, "names-nobody");
    EXPECT_EQ(policies().scheduler.history()[1].error, Error::faulted);
    expect_all_run();
}

TEST_F(Failing_policies, ASchedulerThatNamesABlockedVcpuGivesWay)
{
    auto const names_the_blocked =
        factory_of<processor::Scheduler, Names_the_blocked>("names-the-blocked", Managed_policies::slice);
    ASSERT_TRUE(policies().scheduler.add(names_the_blocked));
    auto& sleeper = machine_.add();
    sleeper.vcpu->start(processor::Run_state::runnable);
    turn(2);
    ASSERT_TRUE(swap("scheduler", "names-the-blocked"));
    sleeper.vcpu->stop();
    expect_returned("scheduler", "names-the-blocked", "round-robin");
    expect_all_run();
}

/// Core 1 is a thread of its own here, so that core 0 can look at it.
TEST_F(Failing_policies, OneThatLoopsIsEndedByItsNeighbour)
{
    ASSERT_TRUE(swap("scheduler", failing));
    plan_.arm(Step::decide, How::loops);
    std::atomic<bool> out{false};
    std::thread core(
        [&]
        {
            arch::hosted::become_core(Core_id(1));
            arch::hosted::let_hangs_end();
            machine_.turn(1);
            out = true;
        });
    while (plan_.rounds.load() == 0)
        std::this_thread::yield();
    processor::Watchdog watchdog;
    watchdog.look(arch::time_stamp());
    EXPECT_EQ(arch::core_window_of(Core_id(1)).hang_wishes, 0u);
    while (!out.load())
    {
        arch::hosted::advance(processor::Watchdog::bound);
        watchdog.look(arch::time_stamp());
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    core.join();
    // Its neighbour may look once more before it is out.
    EXPECT_GE(arch::core_window_of(Core_id(1)).hang_wishes, arch::hang_patience);
    ASSERT_EQ(policies().faults().size(), 1u);
    EXPECT_EQ(policies().faults()[0].what, "the crossing did not end");
    expect_returned("scheduler", failing, "round-robin");
    expect_all_run();
}

/// All cores that there are here hang: nobody is left to look, but for a device.
TEST_F(Failing_policies, OneThatLoopsOnTheLastCoreIsEndedByTheLastWatch)
{
    ASSERT_TRUE(swap("scheduler", failing));
    plan_.arm(Step::decide, How::loops);
    std::atomic<bool> out{false};
    std::thread core(
        [&]
        {
            arch::hosted::become_core(Core_id(0));
            arch::hosted::let_hangs_end();
            machine_.turn(0);
            out = true;
        });
    while (plan_.rounds.load() == 0)
        std::this_thread::yield();
    while (!out.load())
    {
        arch::hosted::end_last_watch();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    core.join();
    EXPECT_EQ(arch::core_window_of(Core_id(0)).hang_wishes, arch::hang_patience);
    ASSERT_EQ(policies().faults().size(), 1u);
    EXPECT_EQ(policies().faults()[0].what, "the crossing did not end");
    expect_returned("scheduler", failing, "round-robin");
    expect_all_run();
}

TEST_F(Failing_policies, TheLastWatchIsRenewedByCore0Alone)
{
    for (auto const core : {1u, 0u})
    {
        arch::hosted::become_core(Core_id(core));
        auto const before = arch::hosted::last_watch_renewals();
        processor::Timer_queue timers{Core_id(core)};
        processor::Watchdog watchdog;
        watchdog.begin(timers);
        EXPECT_EQ(arch::hosted::last_watch_renewals() - before, core == 0 ? 1u : 0u);
        arch::hosted::advance(processor::Watchdog::interval);
        timers.run_expired();
        EXPECT_EQ(arch::hosted::last_watch_renewals() - before, core == 0 ? 2u : 0u);
    }
}

/// Its crossing is in a commit section or works for nobody: it is not ended, and in the end the core is lost.
TEST_F(Failing_policies, ACrossingThatCannotBeDiscardedIsNotEnded)
{
    auto& window = arch::core_window();
    window.epoch = 41;
    for (unsigned wish = 1; wish <= arch::hang_last_patience; ++wish)
    {
        arch::note_wish(window.core, 41);
        EXPECT_EQ(arch::answer_hang(false, false),
                  wish < arch::hang_last_patience ? arch::Hang_answer::go_on : arch::Hang_answer::lost);
    }
    arch::note_wish(window.core, 39);
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::go_on) << "it has ended";
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::nothing_asked);
    window.epoch = 42;
    EXPECT_EQ(arch::answer_hang(false, true), arch::Hang_answer::go_on) << "it is in a guest, or asleep";
}

/// A processor holds one NMI while another is handled; a core that an emulator holds up meets both, and the watch's,
/// too.
TEST_F(Failing_policies, NoWishIsTakenForSomebodyElsesInterrupt)
{
    auto& window = arch::core_window();
    window.epoch = 41;
    arch::note_wish(window.core, 41);
    arch::note_wish(window.core, 41);
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::go_on);
    EXPECT_EQ(arch::answer_hang(false, true), arch::Hang_answer::go_on) << "the watch's, in between";
    window.epoch = 42;
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::go_on);
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::nothing_asked);
    for (unsigned wish = 0; wish < 9; ++wish)
        arch::note_wish(window.core, 43);
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::go_on);
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::go_on);
    EXPECT_EQ(arch::answer_hang(false, false), arch::Hang_answer::nothing_asked);
}

TEST_F(Failing_policies, WhenTheWatchIsOverACoreAsksItself)
{
    auto& window = arch::core_window();
    window.domain = arch::Fault_domain::job;
    for (auto const epoch : {41u, 43u})
    {
        window.epoch = epoch;
        for (unsigned wish = 1; wish < arch::hang_last_patience; ++wish)
            EXPECT_EQ(arch::answer_hang(false, true), arch::Hang_answer::go_on);
    }
    EXPECT_EQ(arch::answer_hang(false, true), arch::Hang_answer::lost) << "nothing was marked to go back to";
    window.domain = arch::Fault_domain::none;
    window.epoch = 44;
}

} // namespace
} // namespace ovm::test
