#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "processor/migration.hpp"
#include "processor/running_vcpus.hpp"
#include "processor/timer_group.hpp"

namespace ovm::test
{

/// A core's entries into guests, and how often it did something else, since the beginning.
inline std::vector<arch::hosted::Use> entries(std::uint32_t core)
{
    auto all = arch::hosted::uses(Core_id(core));
    std::erase_if(all, [](const arch::hosted::Use& use) { return use.kind != arch::hosted::Use::Kind::enter; });
    return all;
}

inline std::size_t count(std::uint32_t core, arch::hosted::Use::Kind kind)
{
    auto const all = arch::hosted::uses(Core_id(core));
    return static_cast<std::size_t>(std::ranges::count(all, kind, &arch::hosted::Use::kind));
}

/// Three cores, all on this thread: 0 begins migrations from 1 to 2. A migration takes a turn of 2, 1, 2 and 0.
class Migration_world : private processor::Migration_observer
{
public:
    static constexpr std::uint32_t owner = 0, from = 1, to = 2;
    static constexpr std::array<std::uint32_t, 4> steps{to, from, to, owner};
    /// So many instants at which something else may happen: before each step, and after the last.
    static constexpr unsigned instants = steps.size() + 1;

    void turn(std::uint32_t core)
    {
        arch::hosted::become_core(Core_id(core));
        machine.turn(core);
    }
    void settle(unsigned rounds = 4)
    {
        for (unsigned i = 0; i < rounds; ++i)
        {
            for (auto const core : steps)
                turn(core);
        }
    }
    /// One that lives on `from`, takes interrupts and runs until its core is interrupted.
    Running_vcpu& add(const processor::Scheduling_parameters& scheduling = {}, std::uint32_t core = from)
    {
        auto& made = machine.add(core, 0, scheduling);
        made.vcpu->state().set_rflags(0x200);
        return made;
    }
    Running_vcpu& running(const processor::Scheduling_parameters& scheduling = {}, std::uint32_t core = from)
    {
        auto& made = add(scheduling, core);
        made.vcpu->start(processor::Run_state::runnable);
        turn(core);
        return made;
    }
    Result<> try_to_begin(Running_vcpu& moved, std::uint32_t target)
    {
        arch::hosted::become_core(Core_id(owner));
        return migration.begin(*moved.vcpu, machine.core(target), *this);
    }
    void begin(Running_vcpu& moved, std::uint32_t target = to) { ASSERT_TRUE(try_to_begin(moved, target)); }
    /// Moves it, and does something at one of the instants, on the core that began.
    void move(Running_vcpu& moved, unsigned instant = instants, const std::function<void()>& action = [] {})
    {
        begin(moved);
        for (unsigned at = 0; at < instants; ++at)
        {
            arch::hosted::become_core(Core_id(owner));
            if (at == instant)
                action();
            if (at < steps.size())
                turn(steps[at]);
        }
        settle();
        EXPECT_TRUE(migration.idle());
        EXPECT_EQ(times_over, 1u);
    }
    bool lives_on(Running_vcpu& one, std::uint32_t core)
    {
        unsigned known = 0;
        for (std::uint32_t each = 0; each < 3; ++each)
        {
            for (auto& resident : machine.core(each).residents())
                known += &resident == &*one.vcpu ? 1 : 0;
        }
        bool here = false;
        for (auto& resident : machine.core(core).residents())
            here = here || &resident == &*one.vcpu;
        return known == 1 && here && &one.vcpu->home() == &machine.core(core);
    }
    template <typename T, typename... Arguments>
    T& put_in_charge(std::uint32_t core, Arguments... arguments)
    {
        auto made = std::make_shared<T>(arguments...);
        kept_.push_back(made);
        arch::hosted::become_core(Core_id(core));
        EXPECT_TRUE(machine.core(core).exchange(*made));
        return *made;
    }

    std::vector<std::shared_ptr<void>> kept_{};
    processor::Migration migration{};
    Running_vcpus machine{3};
    unsigned times_over = 0;

private:
    void migration_over(processor::Migration&) override { ++times_over; }
};

} // namespace ovm::test
