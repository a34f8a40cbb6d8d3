#include "processor/migration_fixture.hpp"

#include <map>

#include "policy/failing_schedulers.hpp"
#include "policy/scheduler/deadline_scheduler.hpp"
#include "policy/scheduler/dedicated_scheduler.hpp"
#include "policy/scheduler/fair_scheduler.hpp"

namespace ovm::test
{
namespace
{

using arch::hosted::Guest;
using arch::hosted::Use;
using processor::Migration;
using processor::Run_state;
using processor::Vcpu;
namespace exit_code = arch::svm::exit_code;

constexpr Ticks slice{1'000'000};
constexpr auto from = Migration_world::from, to = Migration_world::to, owner = Migration_world::owner;

std::vector<Use> entries(std::uint32_t core)
{
    auto all = arch::hosted::uses(Core_id(core));
    std::erase_if(all, [](const Use& use) { return use.kind != Use::Kind::enter; });
    return all;
}

std::size_t count(std::uint32_t core, Use::Kind kind)
{
    auto const all = arch::hosted::uses(Core_id(core));
    return static_cast<std::size_t>(std::ranges::count(all, kind, &Use::kind));
}

TEST(Migration_test, ARunningVcpuGoesOnElsewhere)
{
    Migration_world world;
    auto& one = world.running();
    one.guest = [](Guest& guest)
    {
        auto& registers = arch::hosted::extended_registers(guest.core);
        ++registers.content; // what no VMCB holds goes along, too
        registers.debug[1] += 2;
        guest.exit(exit_code::intr);
    };
    world.turn(from);
    world.turn(from);
    auto const there = entries(from).size();
    world.move(one);
    EXPECT_EQ(world.migration.outcome(), Migration::Outcome::moved);
    EXPECT_TRUE(world.lives_on(one, to));
    EXPECT_TRUE(one.vcpu->runnable());
    world.turn(to);
    EXPECT_EQ(world.machine.core(to).current(), &*one.vcpu);
    EXPECT_EQ(world.machine.core(from).current(), nullptr);

    // The old core has nothing of it any more, nor runs it again.
    auto const ran_there = entries(from).size();
    EXPECT_LE(ran_there, there + 1);
    EXPECT_EQ(count(from, Use::Kind::save_state), 1u);
    EXPECT_EQ(arch::hosted::extended_registers(Core_id(from)).debug, arch::svm::hardware::Debug_addresses{});
    world.turn(from);
    EXPECT_EQ(entries(from).size(), ran_there);
    EXPECT_EQ(arch::core_window_of(Core_id(from)).guest.vm, Vm_id(0));

    auto const& registers = arch::hosted::extended_registers(Core_id(to));
    auto const runs = ran_there - 1 + entries(to).size(); // the first was before the guest counted
    EXPECT_EQ(registers.content, runs);
    EXPECT_EQ(registers.debug[1], 2 * runs);
}

/// Who may have left translations behind under each tag of each core: what no emulator shows.
class Shadow_buffers
{
public:
    struct Stay
    {
        Vm_id vm{};
        unsigned number = 0; ///< of its stays on cores; what it left on one before is stale
        bool operator==(const Stay&) const = default;
    };

    void enter(const Guest& guest, const Stay& who)
    {
        auto& buffer = tags_[guest.core.value()];
        if (guest.vmcb.control.tlb_control == arch::svm::Tlb_control::flush_all)
            buffer.clear();
        auto const [at, is_new] = buffer.try_emplace(guest.vmcb.control.asid, who);
        EXPECT_TRUE(is_new || at->second == who) << "core " << guest.core.value() << ", tag " << at->first;
        ++entries;
    }
    unsigned entries = 0;

private:
    std::array<std::map<std::uint32_t, Stay>, 3> tags_{};
};

TEST(Migration_test, NoTagLeadsToWhatWasLeftBehind)
{
    Migration_world world;
    Shadow_buffers buffers;
    unsigned stay = 0;
    std::vector<Running_vcpu*> all{&world.add({}, to), &world.add({}, from), &world.add()};
    for (auto* const each : all)
    {
        each->guest = [&, each](Guest& guest)
        {
            bool const moves = each == all.back();
            buffers.enter(guest, {.vm = each->vcpu->vm(), .number = moves ? stay : 0});
            guest.exit(exit_code::intr);
        };
        each->vcpu->start(Run_state::runnable);
    }
    world.settle();
    for (unsigned round = 0; round < 100; ++round) // the 15 tags of a core are used up again and again
    {
        auto const target = round % 2 == 0 ? to : from;
        auto const source = round % 2 == 0 ? from : to;
        world.begin(*all.back(), target);
        for (auto const core : {target, source})
            world.turn(core);
        ++stay;
        for (unsigned i = 0; i < 4; ++i)
        {
            arch::hosted::advance(Nanoseconds(20'000'000));
            for (auto const core : {target, source, owner})
                world.turn(core);
        }
        ASSERT_TRUE(world.lives_on(*all.back(), target));
    }
    EXPECT_EQ(world.times_over, 100u);
    EXPECT_GT(buffers.entries, 500u);
}

TEST(Migration_test, ItsOwnCoreIsNoTarget)
{
    Migration_world world;
    auto& one = world.running();
    EXPECT_EQ(world.try_to_begin(one, from).error(), Error::exists);
    EXPECT_TRUE(world.migration.idle());
}

/// A vcpu in each of its states, and an interrupt at each instant: it is taken once, wherever.
TEST(Migration_test, NoInterruptIsLostAtAnyInstant)
{
    for (bool const halted : {false, true})
    {
        for (unsigned instant = 0; instant < Migration_world::instants; ++instant)
        {
            Migration_world world;
            auto& one = world.add();
            bool may_run = !halted;
            unsigned injected = 0;
            one.guest = [&](Guest& guest)
            {
                injected += (guest.vmcb.control.event_injection & arch::svm::event::valid) != 0;
                guest.exit(may_run || injected != 0 ? exit_code::intr : exit_code::hlt);
            };
            one.on_exit = [](Vcpu& vcpu, const arch::Exit&) { vcpu.halt(); };
            one.vcpu->start(Run_state::runnable);
            world.turn(from);
            ASSERT_EQ(one.vcpu->run_state(), halted ? Run_state::halted : Run_state::runnable);
            world.move(one, instant,
                       [&]
                       {
                           one.interrupts.pending = 0x41;
                           one.vcpu->notify();
                       });
            EXPECT_EQ(one.interrupts.acknowledged, 1u) << instant;
            EXPECT_EQ(injected, 1u) << instant;
            EXPECT_TRUE(world.lives_on(one, to));
            EXPECT_EQ(one.vcpu->run_state(), Run_state::runnable);
        }
    }
}

/// Who has read the old home just before it changes posts to the core that the vcpu has left.
TEST(Migration_test, WhatArrivesAtTheOldCoreFollows)
{
    Migration_world world;
    auto& one = world.add();
    one.guest = [&](Guest& guest)
    {
        bool const woken = (guest.vmcb.control.event_injection & arch::svm::event::valid) != 0;
        guest.exit(woken ? exit_code::intr : exit_code::hlt);
    };
    one.on_exit = [](Vcpu& vcpu, const arch::Exit&) { vcpu.halt(); };
    one.on_move = [&](processor::Core& target)
    {
        EXPECT_EQ(&target, &world.machine.core(to));
        one.interrupts.pending = 0x41;
        one.vcpu->notify();
    };
    one.vcpu->start(Run_state::runnable);
    world.turn(from);
    world.move(one);
    EXPECT_EQ(one.interrupts.acknowledged, 1u);
    EXPECT_TRUE(world.lives_on(one, to));
}

TEST(Migration_test, ResetAndStartUpArriveAtAnyInstant)
{
    for (unsigned instant = 0; instant < Migration_world::instants; ++instant)
    {
        Migration_world world;
        auto& one = world.machine.add(from, 1); // no boot processor: it waits after INIT
        one.vcpu->start(Run_state::runnable);
        world.turn(from);
        world.move(one, instant,
                   [&]
                   {
                       one.interrupts.init = true;
                       one.vcpu->notify();
                   });
        EXPECT_EQ(one.vcpu->run_state(), Run_state::waiting_for_startup) << instant;
        world.times_over = 0;
        one.interrupts.startup = -1;
        arch::hosted::become_core(Core_id(owner));
        world.begin(one, from);
        unsigned at = 0;
        for (auto const core : {from, to, from, owner})
        {
            arch::hosted::become_core(Core_id(owner));
            if (at++ == instant % 4)
            {
                one.interrupts.startup = 0x9a;
                one.vcpu->notify();
            }
            world.turn(core);
        }
        world.settle();
        EXPECT_EQ(one.vcpu->run_state(), Run_state::runnable) << instant;
        EXPECT_EQ(one.vcpu->state().segment(arch::Segment_name::cs).base, 0x9a000u);
        EXPECT_TRUE(world.lives_on(one, from));
    }
}

TEST(Migration_test, AFlushIsAnsweredOnceAtAnyInstant)
{
    for (unsigned instant = 0; instant < Migration_world::instants; ++instant)
    {
        Migration_world world;
        auto& one = world.running();
        world.move(one, instant, [&] { one.vcpu->flush_translations(); });
        EXPECT_EQ(one.times_flushed, 1u) << instant;
    }
}

/// Whether it stops before it left or after it arrived, nothing of it stays anywhere.
TEST(Migration_test, AStopIsAnsweredOnceAtAnyInstant)
{
    for (bool const halted : {false, true})
    {
        for (unsigned instant = 0; instant < Migration_world::instants; ++instant)
        {
            Migration_world world;
            auto& one = world.running();
            if (halted)
            {
                one.guest = [](Guest& guest) { guest.exit(exit_code::hlt); };
                one.on_exit = [](Vcpu& vcpu, const arch::Exit&) { vcpu.halt(); };
                world.turn(from);
            }
            world.move(one, instant, [&] { one.vcpu->stop(); });
            EXPECT_EQ(one.times_stopped, 1u) << instant;
            EXPECT_EQ(one.vcpu->run_state(), Run_state::stopped);
            for (std::uint32_t core = 0; core < 3; ++core)
            {
                EXPECT_EQ(world.machine.core(core).residents().count(), 0u) << instant;
                EXPECT_EQ(world.machine.core(core).residents().runnable(), 0u) << instant;
                EXPECT_EQ(arch::core_window_of(Core_id(core)).guest.vm, Vm_id(0)) << instant;
            }
            bool const left = world.migration.outcome() == Migration::Outcome::moved;
            EXPECT_EQ(&one.vcpu->home(), &world.machine.core(left ? to : from)) << instant;
            EXPECT_EQ(left, instant >= 2) << instant;
        }
    }
}

TEST(Migration_test, WhatHasStoppedStays)
{
    Migration_world world;
    auto& one = world.add();
    world.move(one);
    EXPECT_EQ(world.migration.outcome(), Migration::Outcome::stopped);
    EXPECT_EQ(world.machine.core(to).residents().count(), 0u);
    EXPECT_EQ(&one.vcpu->home(), &world.machine.core(from));
}

class Counter final : public processor::Timer
{
public:
    void fired(Ticks) override
    {
        ++count;
        where = arch::this_core();
    }
    unsigned count = 0;
    Core_id where{};
};

TEST(Migration_test, TimersFireWhereTheVcpuLives)
{
    Migration_world world;
    auto& one = world.running();
    processor::Timer_group timers(world.machine.core(from).timers());
    one.on_move = [&](processor::Core& target) { timers.move(target.timers()); };
    Counter armed, cancelled, later;
    arch::hosted::become_core(Core_id(owner));
    timers.arm(armed, Ticks(5'000'000));
    timers.arm(cancelled, Ticks(5'000'000));
    timers.cancel(cancelled);
    world.move(one);
    EXPECT_EQ(armed.deadline(), Ticks(5'000'000));
    EXPECT_EQ(world.machine.core(from).timers().next_deadline(), std::nullopt);
    EXPECT_EQ(world.machine.core(to).timers().next_deadline(), Ticks(5'000'000));
    arch::hosted::become_core(Core_id(owner));
    timers.arm(later, Ticks(4'000'000));
    arch::hosted::set_time(Ticks(6'000'000));
    world.settle(1);
    for (auto* const each : {&armed, &later})
    {
        EXPECT_EQ(each->count, 1u);
        EXPECT_EQ(each->where, Core_id(to));
    }
    EXPECT_EQ(cancelled.count, 0u);
    for (auto* const each : {&armed, &cancelled, &later})
        timers.retire(*each);
}

// What schedulers make of it.

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
