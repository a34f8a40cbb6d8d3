#include <set>

#include "object/clustered/change.hpp"
#include "object/object_fixture.hpp"

namespace ovm::test
{
namespace
{

using memory::Core_stock;
using memory::small_order;

class Frame_stock_test : public Object_fixture
{
protected:
    Frame_stock_test() : Object_fixture(4, 2)
    {
        EXPECT_TRUE(
            pool_.open_node(Node_id(1), std::array{Range<Host_physical>{Host_physical(1u << 30), Bytes(1u << 20)}}));
        all_ = pool_.free();
        EXPECT_TRUE(pool_.open_stocks(table_));
    }
    ~Frame_stock_test()
    {
        object::Change change;
        arch::hosted::become_core(Core_id(0));
        EXPECT_TRUE(change.begin_end(pool_.stocks().root(), Core_id(0), nullptr));
        cross_all(10);
        EXPECT_EQ(pool_.free(), all_);
        // Who still asks is served by the nodes.
        EXPECT_TRUE(allocate(1));
        EXPECT_TRUE(change.begin_give_back(pool_.stocks().root(), table_, Core_id(0), nullptr));
        cross_all(10);
        EXPECT_EQ(table_.used(), 0u);
    }

    Result<Host_physical> allocate(std::uint32_t core, memory::Page_order order = small_order)
    {
        arch::hosted::become_core(Core_id(core));
        return pool_.allocate(arch::core_window().node, order);
    }
    void release(std::uint32_t core, Host_physical page)
    {
        arch::hosted::become_core(Core_id(core));
        pool_.release(page, small_order);
    }
    /// All of it, with what callers on the way meet.
    void change_kind(object::Kind kind)
    {
        object::Change change;
        arch::hosted::become_core(Core_id(0));
        ASSERT_TRUE(change.begin_kind(pool_.stocks().root(), kind, Node_id(0), Core_id(0), nullptr));
        for (std::uint32_t round = 0; round < 20; ++round)
        {
            auto const page = allocate(round % 4);
            ASSERT_TRUE(page) << "who meets the gate is served by the node";
            release((round + 1) % 4, *page);
            cross_all(1);
        }
        ASSERT_TRUE(change.idle() && change.succeeded());
        EXPECT_EQ(pool_.stocks().root().kind(), kind);
    }
    Pages stocked(std::uint32_t node) { return pool_.stocks().pages(Node_id(node)); }

    object::Object_table table_{};
    Pages all_{};
};

TEST_F(Frame_stock_test, PagesComeFromTheOwnNodeInPortions)
{
    auto const page = allocate(3);
    ASSERT_TRUE(page);
    EXPECT_GE(*page, Host_physical(1u << 30));
    EXPECT_EQ(stocked(1), Pages(Core_stock::portion - 1));
    EXPECT_EQ(stocked(0), Pages{0});
    auto const left = pool_.free();
    auto const other = allocate(3);
    ASSERT_TRUE(other);
    EXPECT_EQ(pool_.free(), left - Pages{1});
    release(3, *page);
    release(3, *other);
}

TEST_F(Frame_stock_test, NoPageIsGivenTwiceAndNoneIsLost)
{
    std::set<std::uint64_t> given;
    std::vector<Host_physical> list;
    std::uint64_t seed = 5;
    for (unsigned step = 0; step < 20'000; ++step)
    {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        auto const core = static_cast<std::uint32_t>(seed >> 62);
        if ((seed >> 40 & 3) != 0 && list.size() < 150)
        {
            auto const page = allocate(core);
            if (page)
            {
                EXPECT_TRUE(given.insert(page->value()).second);
                list.push_back(*page);
            }
        }
        else if (!list.empty())
        {
            std::swap(list[(seed >> 20) % list.size()], list.back());
            given.erase(list.back().value());
            release(core, list.back()); // any core, of any node
            list.pop_back();
        }
    }
    EXPECT_EQ(pool_.free() + Pages(list.size()), all_ - Pages{4}); // a page each for the stocks themselves
    for (auto const page : list)
        release(0, page);
}

TEST_F(Frame_stock_test, AStockKeepsAtMostItsSize)
{
    std::vector<Host_physical> list;
    for (unsigned i = 0; i < 100; ++i)
        list.push_back(*allocate(0));
    for (auto const page : list)
        release(1, page);
    EXPECT_LE(stocked(0), Pages(Core_stock::most * 2));
    EXPECT_GE(stocked(0), Pages(Core_stock::portion));
}

TEST_F(Frame_stock_test, AMigratedStockGoesBackToItsNode)
{
    ASSERT_TRUE(allocate(1));
    EXPECT_NE(stocked(0), Pages{0});
    object::Change change;
    arch::hosted::become_core(Core_id(0));
    ASSERT_TRUE(change.begin_migration(pool_.stocks().root(), Core_id(1), Core_id(0), Core_id(0), nullptr));
    EXPECT_TRUE(allocate(1)); // in the middle of it, too
    cross_all(10);
    EXPECT_TRUE(change.idle() && change.succeeded());
    EXPECT_EQ(stocked(0), Pages{0});
    all_ -= Pages{2};
}

TEST_F(Frame_stock_test, NoPageIsGivenTwiceOrLostWhateverKindFollowsWhich)
{
    constexpr std::array kinds{object::Kind::shared, object::Kind::partitioned, object::Kind::per_node};
    auto& root = pool_.stocks().root();
    std::set<std::uint64_t> given;
    std::uint32_t core = 0;
    for (auto const from : kinds)
    {
        for (auto const to : kinds)
        {
            for (auto const kind : {from, to})
            {
                SCOPED_TRACE(object::to_text(kind));
                change_kind(kind);
                for (std::uint32_t i = 0; i < 100; ++i)
                {
                    auto const page = allocate(++core % 4);
                    if (page)
                        ASSERT_TRUE(given.insert(page->value()).second);
                }
                while (given.size() > 60)
                {
                    release(++core % 4, Host_physical(*given.begin()));
                    given.erase(given.begin());
                }
                EXPECT_EQ(pool_.free() + Pages(given.size()) + Pages(root.representatives()), all_);
            }
        }
    }
    for (auto const page : given)
        release(0, Host_physical(page));
}

TEST_F(Frame_stock_test, EachKindServesItsCoresAndOthersPassBy)
{
    change_kind(object::Kind::shared);
    EXPECT_EQ(pool_.stocks().root().representatives(), 1u);
    auto const page = allocate(3);
    ASSERT_TRUE(page);
    release(3, *page);
    EXPECT_EQ(stocked(1), Pages{0}) << "it is a stock of node 0";
    EXPECT_NE(stocked(0), Pages{0});

    change_kind(object::Kind::per_node);
    EXPECT_EQ(pool_.stocks().root().representatives(), 2u);
    ASSERT_TRUE(allocate(2));
    auto const before = stocked(1);
    ASSERT_TRUE(allocate(3));
    EXPECT_EQ(stocked(1), before - Pages{1}) << "one stock for both";
    all_ -= Pages{2};
}

TEST_F(Frame_stock_test, AStockIsNotReplicated)
{
    auto& root = pool_.stocks().root();
    object::Change change;
    arch::hosted::become_core(Core_id(0));
    ASSERT_TRUE(change.begin_kind(root, object::Kind::replicated, Node_id(0), Core_id(0), nullptr));
    cross_all(10);
    ASSERT_TRUE(change.idle());
    EXPECT_FALSE(change.succeeded());
    EXPECT_EQ(change.error(), Error::unsupported);
    EXPECT_EQ(root.kind(), object::Kind::partitioned);
    change_kind(object::Kind::per_node); // what was refused left nothing claimed
}

TEST_F(Frame_stock_test, LargerBlocksAndOtherNodesPassBy)
{
    ASSERT_TRUE(allocate(0, memory::Page_order(3)));
    arch::hosted::become_core(Core_id(0));
    ASSERT_TRUE(pool_.allocate(Node_id(1), small_order));
    EXPECT_EQ(stocked(0) + stocked(1), Pages{0});
    all_ -= Pages{9};
}

} // namespace
} // namespace ovm::test
