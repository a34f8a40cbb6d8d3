#include "object/collector/collector_fixture.hpp"

#include <atomic>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace
{

using namespace ovm;
using namespace ovm::object;
using namespace ovm::object::test;

class Shared_mourner final : public Mourner
{
public:
    void ended(const void*) override { ends.fetch_add(1, std::memory_order_relaxed); }
    std::atomic<std::uint64_t> ends{0};
};

struct Play
{
    Cores& cores;
    Quota& quota;
    Shared_mourner& mourner;
    std::atomic<std::uint64_t> made{0};
    std::atomic<std::uint32_t> running{0};
    std::atomic<bool> broken{false};

    void crossing(std::uint32_t core, std::mt19937_64& random)
    {
        auto below = [&](std::uint64_t limit) { return random() % limit; };
        std::array<Node*, 4> stack{};
        auto& heap = *cores.heaps[core];
        for (int i = 0; i < 12; ++i)
        {
            auto& at = stack[below(4)];
            auto* const other = stack[below(4)];
            auto& own = cores.roots[core]->slots[below(28)];
            switch (below(7))
            {
            case 0:
                if (auto node = allocate<Node>(heap, quota, &mourner))
                {
                    made.fetch_add(1, std::memory_order_relaxed);
                    (*node)->first = other;
                    at = *node;
                }
                break;
            case 1:
                at = own.get();
                break;
            case 2:
                own = at;
                break;
            case 3:
                if (other != nullptr)
                    at = other->edge(below(Node::edges)).get();
                break;
            case 4:
                if (other != nullptr)
                    other->edge(below(Node::edges)) = below(6) == 0 ? nullptr : at;
                break;
            case 5:
                cores.roots[below(cores.heaps.size())]->slots[28 + below(4)] = at;
                break;
            case 6:
            {
                auto& message = cores.roots[core]->slots[28 + below(4)];
                at = message.get();
                message = nullptr;
                break;
            }
            }
            if (at != nullptr && at->canary != 0x600d'0b1e'c700'0000)
                broken = true;
        }
    }

    void core(std::uint32_t number, std::uint64_t seed, int crossings)
    {
        arch::hosted::become_core(Core_id(number));
        std::mt19937_64 random(seed + number);
        auto& heap = *cores.heaps[number];
        bool outside = true;
        for (int i = 0; i < crossings && !broken; ++i)
        {
            if (outside)
                heap.enter();
            crossing(number, random);
            heap.safe_point();
            while (heap.slice())
                heap.safe_point();
            outside = random() % 4 != 0;
            if (outside)
                heap.leave();
            else if (random() % 8 == 0)
                std::this_thread::yield();
        }
        if (outside)
            heap.enter();
        for (auto& slot : cores.roots[number]->slots)
            slot = nullptr;
        heap.safe_point();
        heap.leave();
        --running;
        // The machine's other cores still need this one's part.
        while (running != 0)
        {
            heap.enter();
            heap.safe_point();
            heap.run_slice(Work(1000));
            heap.leave();
            std::this_thread::yield();
        }
    }
};

TEST(Collector_threads, CoresAllocateShareAndCollectAtOnce)
{
    constexpr std::uint32_t count = 4;
    constexpr std::uint64_t seed = 20260101;
    policy::Paced_collection const policy{};
    Cores cores{count, policy};
    Quota quota{Bytes{1 << 20}};
    Shared_mourner mourner{};
    Play play{cores, quota, mourner};
    play.running = count;
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < count; ++i)
        threads.emplace_back([&, i] { play.core(i, seed, 6000); });
    for (auto& thread : threads)
        thread.join();
    EXPECT_FALSE(play.broken) << "seed " << seed;
    EXPECT_GE(cores.collector.step().cycle(), 2u);
    for (std::uint32_t i = 0; i < count; ++i)
    {
        cores.become(i);
        for (auto& slot : cores.roots[i]->slots)
            slot = nullptr;
    }
    for (int i = 0; i < 2; ++i)
    {
        ASSERT_TRUE(cores.pass_until(Phase::idle));
        ASSERT_TRUE(cores.collect());
    }
    EXPECT_EQ(mourner.ends, play.made) << "seed " << seed;
    EXPECT_TRUE(quota.is_unused());
}

} // namespace
