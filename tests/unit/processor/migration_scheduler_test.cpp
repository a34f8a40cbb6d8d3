#include "policy/failing_schedulers.hpp"
#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler/dedicated_scheduler.hpp"
#include "policy/scheduler/fair_scheduler.hpp"
#include "processor/migration_fixture.hpp"

/// What schedulers make of a vcpu that moves.
namespace ovm::test
{
namespace
{

using arch::hosted::Guest;
using arch::hosted::Use;
using processor::Migration;
using processor::Run_state;
namespace exit_code = arch::svm::exit_code;

constexpr Ticks slice{1'000'000};
constexpr auto from = Migration_world::from, to = Migration_world::to;

constexpr policy::Deadline_scheduler::Parameters half{.slice = slice, .bound = 500};
constexpr processor::Scheduling_parameters reserved(std::uint64_t budget)
{
    return {.budget = Ticks(budget), .period = Ticks(100'000'000)};
}

TEST(Migration_test, WhereItsReservationDoesNotFitItDoesNotGo)
{
    Migration_world world;
    for (auto const core : {from, to})
        world.put_in_charge<policy::Deadline_scheduler>(core, half);
    auto& there = world.running(reserved(30'000'000), to);
    auto& one = world.running(reserved(25'000'000));
    auto const before = entries(from).size();
    world.move(one);
    EXPECT_EQ(world.migration.outcome(), Migration::Outcome::no_room);
    EXPECT_TRUE(world.lives_on(one, from));
    EXPECT_TRUE(world.lives_on(there, to));
    EXPECT_EQ(count(from, Use::Kind::save_state), 0u); // it was never interrupted
    EXPECT_GT(entries(from).size(), before);
    EXPECT_EQ(one.times_refused, 0u);
    // One for which there is room goes, and takes it.
    auto& small = world.running(reserved(20'000'000));
    world.times_over = 0;
    world.move(small);
    EXPECT_EQ(world.migration.outcome(), Migration::Outcome::moved);
    auto& late = world.running(reserved(1'000'000), to);
    EXPECT_EQ(late.times_refused, 1u);
    // What left gave its own place free: 25 of 50 are in use there.
    auto& next = world.running(reserved(25'000'000));
    EXPECT_EQ(next.times_refused, 0u);
}

TEST(Migration_test, ADedicatedCoreTakesOneOwner)
{
    Migration_world world;
    world.put_in_charge<policy::Dedicated_scheduler>(to);
    auto& one = world.running();
    auto& two = world.running();
    world.move(one);
    EXPECT_EQ(world.migration.outcome(), Migration::Outcome::moved);
    world.times_over = 0;
    world.move(two);
    EXPECT_EQ(world.migration.outcome(), Migration::Outcome::no_room);
    EXPECT_TRUE(world.lives_on(one, to));
    EXPECT_TRUE(world.lives_on(two, from));
}

TEST(Migration_test, BudgetAndDeadlineGoAlong)
{
    Migration_world world;
    for (auto const core : {from, to})
        world.put_in_charge<policy::Deadline_scheduler>(core, half);
    arch::hosted::set_time(Ticks(1'000));
    auto& one = world.running(reserved(10'000'000));
    auto const deadline = one.vcpu->account().deadline;
    arch::hosted::advance(Nanoseconds(4'000'000));
    world.turn(from);
    EXPECT_EQ(one.vcpu->account().budget_left, Ticks(6'000'000));
    world.move(one);
    EXPECT_EQ(one.vcpu->account().budget_left, Ticks(6'000'000));
    EXPECT_EQ(one.vcpu->account().deadline, deadline);
    EXPECT_EQ(one.vcpu->account().ran, Ticks(4'000'000));
    arch::hosted::advance(Nanoseconds(1'000'000));
    world.turn(to);
    EXPECT_EQ(one.vcpu->account().budget_left, Ticks(5'000'000));
}

TEST(Migration_test, LagGoesAlong)
{
    Migration_world world;
    for (auto const core : {from, to})
        world.put_in_charge<policy::Fair_scheduler>(core, policy::Fair_scheduler::Parameters{.slice = slice});
    auto& one = world.running();
    auto& other = world.running();
    static_cast<void>(other);
    world.turn(from);
    arch::hosted::advance(Nanoseconds(600'000)); // one of them runs ahead by half of that
    world.turn(from);
    auto& ahead = world.machine.core(from).current() == &*one.vcpu ? one : other;
    world.move(ahead);
    EXPECT_EQ(ahead.vcpu->account().lag, -300'000);
}

TEST(Migration_test, TheWayCountsAsWaiting)
{
    Migration_world world;
    auto& one = world.running();
    world.begin(one);
    for (auto const core : Migration_world::steps)
    {
        arch::hosted::advance(Nanoseconds(1'000'000));
        world.turn(core);
    }
    // From the departure, in the second step, to the turn in which it arrives, in the third.
    EXPECT_EQ(one.vcpu->steal_time(), Nanoseconds(1'000'000));
    EXPECT_EQ(one.times_resumed, 2u);
}

TEST(Migration_test, SchedulersAreSwappedAtAnyInstant)
{
    for (unsigned instant = 0; instant < Migration_world::instants; ++instant)
    {
        Migration_world world;
        auto& one = world.running(reserved(10'000'000));
        auto& other = world.running();
        auto& third = world.running({}, to);
        arch::hosted::tick_on_each_look(Ticks(10'000));
        world.move(one, instant,
                   [&]
                   {
                       for (auto const core : {from, to})
                       {
                           world.put_in_charge<policy::Fair_scheduler>(
                               core, policy::Fair_scheduler::Parameters{.slice = slice});
                           world.put_in_charge<policy::Deadline_scheduler>(core, half);
                       }
                   });
        EXPECT_TRUE(world.lives_on(one, to)) << instant;
        EXPECT_EQ(world.machine.core(to).residents().count(), 2u) << instant;
        EXPECT_EQ(world.machine.core(from).residents().count(), 1u) << instant;
        unsigned ran = 0;
        for (auto* const each : {&one, &other, &third})
            each->guest = [&ran, bit = 1u << (each == &one     ? 0
                                              : each == &other ? 1
                                                               : 2)](Guest& guest)
            {
                ran |= bit;
                guest.exit(exit_code::intr);
            };
        world.settle(2000);
        EXPECT_EQ(ran, 7u) << instant;
        EXPECT_TRUE(world.machine.policies().scheduler_faults.empty());
    }
}

/// Breaks its contract in one kind of call, once it is told to.
class Breaks_in final : public Sound_scheduler
{
public:
    enum class Call
    {
        admit,
        leave,
        wake,
        block
    };
    Breaks_in(Ticks slice, Call call, unsigned good) : Sound_scheduler(slice), call_(call), good_(good) {}
    Result<> admit(processor::Schedulable& vcpu, Ticks now) override
    {
        use(Call::admit);
        return Sound_scheduler::admit(vcpu, now);
    }
    void leave(processor::Schedulable& vcpu, Ticks now) override
    {
        use(Call::leave);
        Sound_scheduler::leave(vcpu, now);
    }
    void wake(processor::Schedulable& vcpu, Ticks now) override
    {
        use(Call::wake);
        Sound_scheduler::wake(vcpu, now);
    }
    void block(processor::Schedulable& vcpu, Ticks now) override
    {
        use(Call::block);
        Sound_scheduler::block(vcpu, now);
    }

private:
    void use(Call call)
    {
        if (call != call_)
            return;
        bool const still_good = good_ != 0;
        OVM_REQUIRES_THAT(still_good);
        --good_;
    }

    Call call_;
    unsigned good_;
};

TEST(Migration_test, ASchedulerThatFailsOnTheWayIsReplacedAndTheMoveGoesOn)
{
    using Call = Breaks_in::Call;
    struct Case
    {
        std::uint32_t core;
        Call call;
        unsigned good;
    };
    // The target admits the stand-in, which leaves as the vcpu is admitted, and the vcpu wakes.
    for (auto const& each : {Case{from, Call::block, 0}, Case{from, Call::leave, 0}, Case{to, Call::admit, 0},
                             Case{to, Call::admit, 1}, Case{to, Call::leave, 0}, Case{to, Call::wake, 0}})
    {
        Migration_world world;
        auto& one = world.running();
        auto& other = world.running({}, to);
        world.put_in_charge<Breaks_in>(each.core, slice, each.call, each.good);
        world.begin(one);
        world.settle(6);
        EXPECT_EQ(world.times_over, 1u);
        EXPECT_EQ(world.machine.policies().scheduler_faults.size(), 1u);
        EXPECT_EQ(world.migration.outcome(), Migration::Outcome::moved);
        EXPECT_TRUE(world.lives_on(one, to));
        EXPECT_EQ(world.machine.core(to).residents().count(), 2u);
        EXPECT_EQ(world.machine.core(to).residents().runnable(), 2u);
        EXPECT_EQ(world.machine.core(from).residents().count(), 0u);
        EXPECT_TRUE(other.vcpu->runnable());
    }
}

TEST(Migration_test, ASchedulerThatFailsAsTheStandInLeavesIsReplaced)
{
    Migration_world world;
    auto& one = world.running();
    world.put_in_charge<Breaks_in>(to, slice, Breaks_in::Call::leave, 0u);
    world.move(one, 1, [&] { one.vcpu->stop(); });
    EXPECT_EQ(world.machine.policies().scheduler_faults.size(), 1u);
    EXPECT_EQ(world.migration.outcome(), Migration::Outcome::stopped);
    EXPECT_EQ(world.machine.core(to).residents().count(), 0u);
    EXPECT_EQ(one.times_stopped, 1u);
}

TEST(Migration_test, ASchedulerThatFailsAsAVcpuStopsIsReplaced)
{
    Migration_world world;
    auto& one = world.running();
    world.put_in_charge<Breaks_in>(from, slice, Breaks_in::Call::leave, 0u);
    one.vcpu->stop();
    world.settle();
    EXPECT_EQ(world.machine.policies().scheduler_faults.size(), 1u);
    EXPECT_EQ(one.times_stopped, 1u);
    EXPECT_EQ(world.machine.core(from).residents().count(), 0u);
}

/// It is runnable, but elsewhere: nobody runs twice, whatever a scheduler says.
TEST(Migration_test, ASchedulerThatNamesWhoHasMovedIsReplaced)
{
    Migration_world world;
    auto& one = world.running();
    world.put_in_charge<Names_the_blocked>(from, slice);
    world.move(one);
    EXPECT_TRUE(world.lives_on(one, to));
    EXPECT_EQ(world.machine.policies().scheduler_faults.size(), 1u);
    auto const before = entries(from).size();
    world.settle();
    EXPECT_EQ(entries(from).size(), before);
}

TEST(Migration_test, LoadsAreMeasuredWhereVcpusAre)
{
    Migration_world world;
    auto const load = [&](std::uint32_t core) { return world.machine.core(core).load(arch::time_stamp()); };
    auto& one = world.running();
    world.running();
    arch::hosted::advance(Nanoseconds(1'000'000));
    EXPECT_EQ(load(from).busy, Ticks(1'000'000));
    EXPECT_EQ(load(from).demand, Ticks(2'000'000));
    EXPECT_EQ(load(from).resident, 2u);
    world.move(one);
    arch::hosted::advance(Nanoseconds(500'000));
    EXPECT_EQ(load(from).demand, Ticks(2'500'000));
    EXPECT_EQ(load(from).runnable, 1u);
    EXPECT_EQ(load(to).busy, Ticks(500'000));
    EXPECT_EQ(load(to).demand, Ticks(500'000));
    EXPECT_EQ(load(to).resident, 1u);
}

} // namespace
} // namespace ovm::test
