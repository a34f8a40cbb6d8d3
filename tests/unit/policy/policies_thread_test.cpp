#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "policy/frames/frames_fixture.hpp"
#include "policy/placement/placement_fixture.hpp"

/// Policies that all cores share, asked by all of them at once.
namespace
{

using namespace ovm;
using namespace ovm::policy;

constexpr std::uint32_t cores = 4;

template <typename Body>
void on_all_cores(Body&& body)
{
    std::vector<std::thread> threads;
    for (std::uint32_t core = 0; core < cores; ++core)
    {
        threads.emplace_back(
            [&body, core]
            {
                arch::hosted::become_core(Core_id(core));
                body(core);
            });
    }
    for (auto& thread : threads)
        thread.join();
}

TEST(Frame_policies, AllCoresAtOnceGetFramesOfTheirOwn)
{
    for (std::size_t kind = 0; kind < Frame_policies::kinds; ++kind)
    {
        Frames_machine machine(2, Bytes{64 << 20}, cores);
        Frame_policies policies(machine.pool);
        memory::Chosen_frames frames(machine.pool, policies.make(kind));
        auto const before = machine.pool.free();
        std::array<std::vector<Host_physical>, cores> taken{};
        on_all_cores(
            [&](std::uint32_t core)
            {
                std::mt19937_64 random(core);
                for (int i = 0; i < 2000; ++i)
                {
                    auto const frame = frames.allocate(memory::small_order, Node_id(core % 2));
                    ASSERT_TRUE(frame);
                    taken[core].push_back(*frame);
                    if (random() % 2 == 0)
                    {
                        frames.release(taken[core].back(), memory::small_order);
                        taken[core].pop_back();
                    }
                }
            });
        std::vector<Host_physical> all;
        for (auto const& some : taken)
            all.insert(all.end(), some.begin(), some.end());
        std::ranges::sort(all);
        EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
        EXPECT_EQ(machine.pool.free() + Pages(all.size()), before);
    }
}

TEST(Placements, AllCoresAtOnceLeaveASumThatIsRight)
{
    for (std::size_t kind = 0; kind < Placement_policies::kinds; ++kind)
    {
        arch::hosted::reset(cores, 2);
        Placement_policies policies(cores);
        auto& placement = policies.make(kind);
        std::atomic<std::uint32_t> living{0};
        on_all_cores(
            [&](std::uint32_t core)
            {
                std::array<Core_load, cores> loads{};
                std::mt19937_64 random(core);
                for (std::uint32_t i = 0; i < 1000; ++i)
                {
                    auto const vcpu = vcpu_of(core * 60 + 1 + i % 60, static_cast<std::uint32_t>(random() % 16));
                    if (placement.place(vcpu, {}, {}))
                        living.fetch_add(1);
                    else if (random() % 2 == 0 && placement.leave(vcpu))
                        living.fetch_sub(1);
                    ASSERT_TRUE(placement.rebalance(loads, Ticks{i * 1'000'000}));
                }
            });
        Placement_state state{};
        ASSERT_TRUE(placement.export_state(state));
        std::uint32_t found = 0;
        for (auto const& vm : state.homes)
            found +=
                static_cast<std::uint32_t>(std::ranges::count_if(vm, [](auto home) { return !home.is_nowhere(); }));
        EXPECT_EQ(found, living.load());
    }
}

} // namespace
