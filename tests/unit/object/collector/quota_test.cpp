#include "object/collector/collector_fixture.hpp"

#include <gtest/gtest.h>

namespace
{

using namespace ovm;
using namespace ovm::object;
using namespace ovm::object::test;

constexpr auto node_charge = static_cast<std::int64_t>(charged_size(sizeof(Object_header) + sizeof(Node)));

TEST(Quota_test, ChargesAndCreditsAddUp)
{
    Quota quota{Bytes{20'000}};
    EXPECT_FALSE(quota.charge(Core_id(0), 100)) << "nothing at hand yet";
    EXPECT_TRUE(quota.fetch(Core_id(0), 100));
    EXPECT_TRUE(quota.charge(Core_id(0), 100));
    EXPECT_EQ(quota.used(), Bytes{100});
    EXPECT_TRUE(quota.fetch(Core_id(1), 10'000));
    EXPECT_TRUE(quota.charge(Core_id(1), 10'000));
    EXPECT_EQ(quota.used(), Bytes{10'100});
    EXPECT_FALSE(quota.fetch(Core_id(2), 10'000));
    quota.credit(Core_id(1), 10'000);
    quota.credit(Core_id(0), 100);
    EXPECT_TRUE(quota.is_unused());
    EXPECT_TRUE(quota.fetch(Core_id(2), 10'000)) << "what was freed after a refusal is in everyone's reach";
}

TEST(Quota_test, ACoreKeepsNoMoreAtHandThanStated)
{
    Quota quota{Bytes{1 << 20}};
    for (int i = 0; i < 1000; ++i)
    {
        ASSERT_TRUE(quota.charge(Core_id(0), 64) || (quota.fetch(Core_id(0), 64) && quota.charge(Core_id(0), 64)));
    }
    for (int i = 0; i < 1000; ++i)
    {
        quota.credit(Core_id(0), 64);
        auto const at_hand = quota.limit() - quota.used() - quota.left();
        ASSERT_LE(at_hand, quota.at_hand());
    }
    EXPECT_TRUE(quota.is_unused());
}

TEST(Quota_test, TightIsHalfOfWhatTheLastCollectionLeft)
{
    Quota quota{Bytes{100'000}};
    EXPECT_FALSE(quota.is_tight(0));
    ASSERT_TRUE(quota.fetch(Core_id(0), 60'000));
    EXPECT_TRUE(quota.is_tight(0));
    EXPECT_FALSE(quota.is_tight(1));
    ASSERT_TRUE(quota.fetch(Core_id(1), 10'000));
    EXPECT_FALSE(quota.is_tight(1));
    ASSERT_TRUE(quota.fetch(Core_id(1), 20'000));
    EXPECT_TRUE(quota.is_tight(1));
}

TEST(Quota_test, OneOwnersObjectsDoNotStarveAnothers)
{
    Manual_collection const policy{};
    Cores cores{1, policy};
    Quota greedy{Bytes{64 * 1024}};
    Quota modest{Bytes{64 * 1024}};
    cores.enter_all();
    Counting_mourner mourner{};
    while (cores.make(0, greedy, &mourner) != nullptr)
    {
    }
    EXPECT_GE(greedy.used() + Bytes(static_cast<std::uint64_t>(node_charge)), greedy.limit());
    for (int i = 0; i < 500; ++i)
        ASSERT_NE(cores.make(0, modest, &mourner), nullptr);
    cores.leave_all();
    EXPECT_NE(cores.collector.step().phase(), Phase::idle) << "the refusal asked for a collection";
    ASSERT_TRUE(cores.pass_until(Phase::idle));
    EXPECT_TRUE(greedy.is_unused());
    EXPECT_TRUE(modest.is_unused());
    cores.enter_all();
    EXPECT_NE(cores.make(0, greedy), nullptr);
}

struct Loop
{
    std::uint32_t cores;
    std::uint64_t live;  ///< nodes that stay
    std::uint64_t batch; ///< nodes of one create, spread over all cores
    bool sleeping;       ///< only core 0 has crossings of its own; the others come when they are kicked
};

class Quota_loop : public testing::TestWithParam<Loop>
{
};

/// Creates and destroys in a loop, as VMs are, each time with references across cores; the built-in policy alone
/// decides when to collect.
TEST_P(Quota_loop, CreateAndDestroyNeverFailsForWantOfACollection)
{
    auto const [count, live, batch, sleeping] = GetParam();
    policy::Paced_collection const policy{};
    Cores cores{count, policy};
    // As the decision on pacing states: six times what all cores allocate in the crossings that handshakes and messages
    // from core to core take (8 and one a hop), and what cores have at hand.
    constexpr std::uint64_t hops = 8;
    auto const slack = 6 * (8 + hops) * batch * static_cast<std::uint64_t>(node_charge) +
                       6 * count * 2 * static_cast<std::uint64_t>(Quota::least_portion);
    Quota quota{Bytes{live * static_cast<std::uint64_t>(node_charge) + slack}};

    cores.enter_all();
    Node* chain = nullptr;
    for (std::uint64_t i = 0; i < live; ++i)
    {
        // A chain that changes from core to core a few times.
        auto* const node = cores.make(static_cast<std::uint32_t>(i * hops / live % count), quota);
        ASSERT_NE(node, nullptr);
        node->first = chain;
        chain = node;
        cores.roots[0]->slots[0] = chain;
    }
    cores.leave_all();

    Counting_mourner mourner{};
    std::vector<std::uint64_t> kicks(count);
    constexpr int rounds = 3000;
    for (int round = 0; round < rounds; ++round)
    {
        Node* made = nullptr;
        for (std::uint32_t i = 0; i < count; ++i)
        {
            auto& heap = cores.become(i);
            auto const kicked = arch::hosted::kicks(Core_id(i));
            if (sleeping && i != 0 && std::exchange(kicks[i], kicked) == kicked)
                continue;
            heap.enter();
            for (std::uint64_t n = 0; n < (sleeping ? i == 0 ? batch : 0 : batch / count); ++n)
            {
                auto* const node = cores.make(i, quota, &mourner);
                ASSERT_NE(node, nullptr) << "round " << round << ", " << quota.used().value() << " of "
                                         << quota.limit().value() << ", phase "
                                         << to_text(cores.collector.step().phase());
                node->others[0] = made;
                node->others[1] = cores.roots[(i + 1) % count]->slots[1].get();
                made = node;
            }
            cores.roots[i]->slots[1] = made;
            heap.safe_point();
            // An idle core goes on before it halts.
            while (heap.slice() || (sleeping && i != 0 && heap.has_work()))
                heap.safe_point();
            heap.leave();
        }
        for (std::uint32_t i = 0; i < count; ++i)
        {
            cores.become(i);
            cores.roots[i]->slots[1] = nullptr;
        }
    }
    EXPECT_GE(cores.collector.step().cycle(), 3u);
    EXPECT_GT(mourner.ends, 0u);
}

INSTANTIATE_TEST_SUITE_P(Loops, Quota_loop,
                         testing::Values(Loop{1, 0, 8, false}, Loop{1, 4000, 8, false}, Loop{4, 1000, 16, false},
                                         Loop{4, 8000, 32, false}, Loop{2, 1000, 8, true}, Loop{4, 6000, 8, true}));

} // namespace
