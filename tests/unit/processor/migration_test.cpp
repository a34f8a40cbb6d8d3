#include "processor/migration_fixture.hpp"

#include <map>

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

constexpr auto from = Migration_world::from, to = Migration_world::to, owner = Migration_world::owner;

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

} // namespace
} // namespace ovm::test
