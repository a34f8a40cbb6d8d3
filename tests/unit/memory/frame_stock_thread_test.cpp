#include <atomic>
#include <thread>
#include <vector>

#include "object/clustered/change.hpp"
#include "object/object_fixture.hpp"

namespace ovm::test
{
namespace
{

using memory::small_order;

class Frame_stock_thread : public Object_fixture
{
protected:
    static constexpr std::uint32_t cores = 4;

    Frame_stock_thread() : Object_fixture(cores) {}
};

/// Cores take pages and give them back, some of them each other's, while stocks migrate and totals are asked for.
TEST_F(Frame_stock_thread, CoresUseTheirStocksWhileThoseMigrate)
{
    object::Object_table table;
    auto const all = pool_.free();
    ASSERT_TRUE(pool_.open_stocks(table));
    std::array<std::atomic<std::uint64_t>, 64> exchanged{}; ///< pages that change hands
    std::atomic<bool> stop{false};
    auto const crossing = [&](std::uint32_t core, std::uint64_t& seed)
    {
        begin_crossing(core);
        spaces_[core]->inbox.receive_all();
        spaces_[core]->jobs.run_one();
        for (unsigned i = 0; i < 8; ++i)
        {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            auto const page = frames_.allocate(small_order, Node_id(0));
            if (!page)
                continue;
            auto const other = exchanged[seed >> 58].exchange(page->value());
            if (other != 0)
                frames_.release(Host_physical(other), small_order);
        }
        end_crossing(core);
    };
    std::vector<std::thread> threads;
    for (std::uint32_t core = 1; core < cores; ++core)
    {
        threads.emplace_back(
            [&, core]
            {
                std::uint64_t seed = core;
                while (!stop.load(std::memory_order_relaxed))
                    crossing(core, seed);
            });
    }
    auto& root = pool_.stocks().root();
    object::Change change;
    std::uint64_t seed = 99;
    for (std::uint32_t round = 0; round < 40; ++round)
    {
        arch::hosted::become_core(Core_id(0));
        ASSERT_TRUE(
            change.begin_migration(root, Core_id(round % cores), Core_id((round + 1) % cores), Core_id(0), nullptr));
        while (!change.idle())
            crossing(0, seed);
        EXPECT_LE(pool_.free(), all);
    }
    stop = true;
    for (auto& thread : threads)
        thread.join();
    arch::hosted::become_core(Core_id(0));
    for (auto const& page : exchanged)
    {
        if (page != 0)
            frames_.release(Host_physical(page), small_order);
    }
    ASSERT_TRUE(change.begin_end(root, Core_id(0), nullptr));
    while (!change.idle())
        cross_all(1);
    ASSERT_TRUE(change.begin_give_back(root, table, Core_id(0), nullptr));
    while (!change.idle())
        cross_all(1);
    EXPECT_EQ(pool_.free(), all);
}

} // namespace
} // namespace ovm::test
