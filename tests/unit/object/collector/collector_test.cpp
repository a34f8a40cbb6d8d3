#include "object/collector/collector_fixture.hpp"

#include <gtest/gtest.h>

namespace
{

using namespace ovm;
using namespace ovm::object;
using namespace ovm::object::test;

constexpr Bytes plenty{64 << 20};

struct Looker final : Collected
{
    static constexpr std::string_view type_name = "looker";
    OVM_TRACE_MAP
    explicit Looker(bool& found) : found_(found) {}
    ~Looker() { found_ = static_cast<bool>(seen); }
    Traced<Node> seen{};
    bool& found_;
};

/// Without a finaliser.
struct Plain final : Collected
{
    static constexpr std::string_view type_name = "plain";
    OVM_TRACE_MAP
    std::array<std::uint64_t, 5> data{};
};

struct Lazarus final : Collected
{
    static constexpr std::string_view type_name = "lazarus";
    OVM_TRACE_MAP
    Lazarus(Traced<Node>& slot, Node* node) : slot_(slot), node_(node) {}
    ~Lazarus() { slot_ = node_; }
    Traced<Node>& slot_;
    Node* node_;
};

struct Forgetful final : Collected
{
    static constexpr std::string_view type_name = "forgetful";
    static constexpr std::span<const Traced_run> trace_map()
    {
        static constexpr std::array runs{OVM_TRACED(Forgetful, named)};
        return runs;
    }
    Traced<Node> named{};
    Traced<Node> forgotten{};
};

class Collector_test : public testing::Test
{
protected:
    Manual_collection policy{};
    Cores cores{3, policy};
    Quota quota{plenty};
    Counting_mourner mourner{};
};

TEST_F(Collector_test, KeepsWhatRootsReachAndFreesTheRest)
{
    cores.enter_all();
    auto& root = cores.roots[0]->slots[3];
    root = cores.make(0, quota, &mourner);
    root->first = cores.make(0, quota, &mourner);
    root->others[1] = cores.make(0, quota, &mourner);
    for (int i = 0; i < 100; ++i)
        cores.make(0, quota, &mourner);
    cores.leave_all();
    ASSERT_TRUE(cores.collect());
    EXPECT_EQ(mourner.ends, 100u);
    EXPECT_EQ(root->first->canary, Node{}.canary);
    cores.become(0);
    root = nullptr;
    ASSERT_TRUE(cores.collect());
    EXPECT_EQ(mourner.ends, 103u);
    EXPECT_TRUE(quota.is_unused());
}

TEST_F(Collector_test, CyclesWithinACoreAreCollected)
{
    cores.enter_all();
    auto* const a = cores.make(0, quota, &mourner);
    auto* const b = cores.make(0, quota, &mourner);
    a->first = b;
    b->first = a;
    a->others[0] = a;
    cores.leave_all();
    ASSERT_TRUE(cores.collect());
    EXPECT_EQ(mourner.ends, 2u);
}

TEST_F(Collector_test, CyclesAcrossCoresAreCollectedAndKeptWhileReached)
{
    cores.enter_all();
    auto* const a = cores.make(0, quota, &mourner);
    auto* const b = cores.make(1, quota, &mourner);
    auto* const c = cores.make(2, quota, &mourner);
    a->first = b;
    b->first = c;
    c->first = a;
    cores.roots[2]->slots[0] = b;
    cores.leave_all();
    for (int round = 0; round < 3; ++round)
        ASSERT_TRUE(cores.collect());
    EXPECT_EQ(mourner.ends, 0u);
    cores.become(1);
    cores.roots[2]->slots[0] = nullptr;
    ASSERT_TRUE(cores.collect());
    EXPECT_EQ(mourner.ends, 3u);
    EXPECT_TRUE(quota.is_unused());
}

TEST_F(Collector_test, ALongChainOverAllCoresIsMarkedInSmallSlices)
{
    cores.enter_all();
    Node* last = nullptr;
    for (std::uint32_t i = 0; i < 3000; ++i)
    {
        auto* const node = cores.make(i % 3, quota, &mourner);
        node->others[i % 2] = last;
        last = node;
    }
    cores.roots[1]->slots[11] = last;
    cores.leave_all();
    ASSERT_TRUE(cores.collect(3));
    EXPECT_EQ(mourner.ends, 0u);
    std::uint64_t length = 0;
    for (auto* node = cores.roots[1]->slots[11].get(); node != nullptr; ++length)
        node = node->others[0] ? node->others[0].get() : node->others[1].get();
    EXPECT_EQ(length, 3000u);
    cores.become(1);
    cores.roots[1]->slots[11] = nullptr;
    ASSERT_TRUE(cores.collect(3));
    EXPECT_EQ(mourner.ends, 3000u);
}

TEST_F(Collector_test, EverySizeClassAndLargeObjectsComeAndGo)
{
    cores.enter_all();
    auto& heap = cores.become(0);
    auto& slots = cores.roots[0]->slots;
    for (int round = 0; round < 40; ++round)
    {
        slots[0] = *allocate<Node>(heap, quota, &mourner);
        slots[1] = *allocate<Wide_node<40>>(heap, quota, &mourner);
        slots[2] = *allocate<Wide_node<250>>(heap, quota, &mourner);
        slots[3] = *allocate<Wide_node<1900>>(heap, quota, &mourner);
        slots[4] = *allocate<Wide_node<3900>>(heap, quota, &mourner);
        slots[5] = *allocate<Wide_node<5000>>(heap, quota, &mourner);
        slots[6] = *allocate<Wide_node<100'000>>(heap, quota, &mourner);
    }
    cores.leave_all();
    ASSERT_TRUE(cores.collect(7));
    EXPECT_EQ(mourner.ends, 39u * 7);
    EXPECT_EQ(slots[6]->canary, Node{}.canary);
    cores.become(0);
    for (auto& slot : slots)
        slot = nullptr;
    ASSERT_TRUE(cores.collect(7));
    EXPECT_EQ(mourner.ends, 40u * 7);
    EXPECT_TRUE(quota.is_unused());
    EXPECT_LE(cores.pages.taken(), 16u); // only those that the heap keeps for later
}

TEST_F(Collector_test, AFinaliserFindsItsReferencesEmpty)
{
    bool found = true;
    cores.enter_all();
    auto* const looker = *allocate<Looker>(cores.become(0), quota, found);
    looker->seen = cores.make(0, quota);
    cores.leave_all();
    ASSERT_TRUE(cores.collect());
    EXPECT_FALSE(found);
}

TEST_F(Collector_test, AFinaliserThatStoresAReferenceIsRefused)
{
    cores.enter_all();
    static_cast<void>(*allocate<Lazarus>(cores.become(0), quota, cores.roots[0]->slots[0], cores.make(0, quota)));
    cores.leave_all();
    EXPECT_DEATH(cores.collect(), "precondition broken: may_change");
}

TEST_F(Collector_test, ATraceMapThatMissesAReferenceIsFound)
{
    cores.enter_all();
    EXPECT_DEATH(static_cast<void>(allocate<Forgetful>(cores.become(0), quota)), "invariant broken: heap.construction");
}

TEST_F(Collector_test, ATraceMapThatNamesTwiceIsFound)
{
    static constexpr std::array twice{Traced_run{8, 2}, Traced_run{32, 1}, Traced_run{16, 1}, Traced_run{0, 1}};
    static constexpr std::array once{Traced_run{8, 2}, Traced_run{32, 1}, Traced_run{24, 1}, Traced_run{0, 1}};
    EXPECT_FALSE(names_each_once(twice));
    EXPECT_TRUE(names_each_once(once));
}

#if !defined(OVM_SANITIZED)
TEST_F(Collector_test, AWriteToAFreedObjectIsFoundAtReuse)
#else
TEST_F(Collector_test, AWriteToAFreedObjectIsFoundAtOnce)
#endif
{
    cores.enter_all();
    auto* const dead = cores.make(0, quota);
    auto* const alive = cores.make(0, quota);
    cores.roots[0]->slots[0] = alive;
    cores.leave_all();
    ASSERT_TRUE(cores.collect());
    EXPECT_DEATH(
        {
            dead->canary = 1;
            for (int i = 0; i < 1000; ++i)
                cores.make(0, quota);
        },
        "is_poison|use-after-poison");
}

TEST_F(Collector_test, AnObjectOfADiscardedCrossingIsFreedWithoutAFinaliser)
{
    cores.enter_all();
    auto& heap = cores.become(0);
    ASSERT_NE(heap.take_header(quota, size_class_of(64), charged_size(64)), nullptr);
    cores.leave_all();
    ASSERT_TRUE(cores.collect());
    EXPECT_TRUE(quota.is_unused());
    EXPECT_EQ(heap.sweeper().objects_freed(), 1u);
}

TEST_F(Collector_test, WhatSharesAPageGoesBackToItsOwnQuota)
{
    Quota other{plenty};
    cores.enter_all();
    for (int i = 0; i < 300; ++i)
    {
        static_cast<void>(*allocate<Node>(cores.become(0), i % 3 == 0 ? other : quota, &mourner));
        static_cast<void>(*allocate<Plain>(cores.become(0), i % 3 == 0 ? quota : other));
    }
    ASSERT_NE(cores.become(0).take_header(other, size_class_of(64), charged_size(64)), nullptr);
    cores.roots[0]->slots[0] = *allocate<Node>(cores.become(0), other, &mourner);
    cores.leave_all();
    ASSERT_TRUE(cores.collect(5));
    EXPECT_EQ(mourner.ends, 300u);
    EXPECT_TRUE(quota.is_unused());
    EXPECT_EQ(other.used(), Bytes(charged_size(sizeof(Object_header) + sizeof(Node))));
}

TEST_F(Collector_test, WhatIsBornDuringACollectionIsGarbageOfTheNext)
{
    for (auto const at : {Phase::marking, Phase::closing, Phase::sweeping})
    {
        cores.enter_all();
        for (int i = 0; i < 10; ++i)
            cores.make(0, quota, &mourner);
        cores.leave_all();
        cores.collector.begin();
        ASSERT_TRUE(cores.pass_until(at, 1));
        auto const before = mourner.ends;
        cores.enter_all();
        for (int i = 0; i < 200; ++i) // into slots that were open, free and new
            cores.make(0, quota, &mourner);
        cores.leave_all();
        ASSERT_TRUE(cores.pass_until(Phase::idle, 1));
        EXPECT_EQ(mourner.ends - before, 10u) << to_text(at);
        ASSERT_TRUE(cores.collect());
        EXPECT_EQ(mourner.ends - before, 210u) << to_text(at);
        EXPECT_TRUE(quota.is_unused());
    }
}

TEST_F(Collector_test, AQuiescentCoreIsKickedForItsPartOnly)
{
    // Core 1 sleeps all the time; a handshake does not need it, its roots do.
    cores.become(0).enter();
    cores.roots[1]->slots[0] = cores.make(0, quota, &mourner);
    cores.collector.begin();
    for (int i = 0; i < 10 && cores.collector.step().phase() != Phase::marking; ++i)
        cores.become(0).safe_point();
    ASSERT_EQ(cores.collector.step().phase(), Phase::marking);
    EXPECT_EQ(arch::hosted::kicks(Core_id(1)), 0u);
    for (int i = 0; i < 10; ++i)
    {
        cores.become(0).safe_point();
        cores.become(0).run_slice(Work(1000));
    }
    EXPECT_EQ(cores.collector.step().phase(), Phase::marking);
    EXPECT_EQ(arch::hosted::kicks(Core_id(1)), 1u) << "one kick until it comes";
    EXPECT_EQ(arch::hosted::kicks(Core_id(0)), 0u);
    ASSERT_TRUE(cores.pass_until(Phase::idle));
    EXPECT_EQ(mourner.ends, 0u);
}

TEST(Collector_alone, AHeapGivesAllPagesBackInTheMiddleOfASweep)
{
    Manual_collection const policy{};
    Fake_pages pages;
    Quota quota{plenty};
    arch::hosted::reset();
    {
        Collector collector;
        Local_heap heap{collector, Core_id(0), pages, policy};
        heap.attach();
        heap.enter();
        for (int i = 0; i < 1000; ++i)
            ASSERT_TRUE(allocate<Node>(heap, quota, nullptr));
        collector.open();
        collector.begin();
        for (int i = 0; i < 100 && heap.adopted().phase() != Phase::sweeping; ++i)
        {
            heap.safe_point();
            heap.run_slice(Work(1));
        }
        ASSERT_EQ(heap.adopted().phase(), Phase::sweeping);
        heap.run_slice(Work(10));
        EXPECT_GT(pages.taken(), 0u);
        arch::core_window().heap = nullptr;
    }
    EXPECT_EQ(pages.taken(), 0u);
}

TEST(Collector_alone, PagesRunOutAsAnErrorAndComeBack)
{
    Manual_collection const policy{};
    Cores few{1, policy, 4};
    Quota quota{plenty};
    Counting_mourner mourner{};
    few.enter_all();
    std::uint64_t made = 0;
    while (few.make(0, quota, &mourner) != nullptr)
        ++made;
    EXPECT_EQ(made, 4u * (page_payload / charged_size(sizeof(Object_header) + sizeof(Node))));
    EXPECT_EQ(allocate<Wide_node<5000>>(few.become(0), quota, nullptr).error(), Error::no_memory);
    few.leave_all();
    EXPECT_EQ(few.collector.step().phase(), Phase::arming) << "exhaustion asks for a collection";
    ASSERT_TRUE(few.pass_until(Phase::idle));
    EXPECT_EQ(mourner.ends, made);
    few.enter_all();
    EXPECT_NE(few.make(0, quota), nullptr);
}

} // namespace

#include "object/collector/collector_test.generated.hpp"
