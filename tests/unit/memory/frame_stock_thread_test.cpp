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

    /// Cores take pages and give them back, some of them each other's, while `rounds` changes, which `begin` begins on
    /// core 0, come and go and totals are asked for.
    template <typename Begin>
    void run(std::uint32_t rounds, Begin&& begin)
    {
        auto const all = pool_.free();
        ASSERT_TRUE(pool_.open_stocks(table_));
        std::vector<std::thread> threads;
        for (std::uint32_t core = 1; core < cores; ++core)
        {
            threads.emplace_back(
                [this, core]
                {
                    std::uint64_t seed = core;
                    while (!stop_.load(std::memory_order_relaxed))
                        crossing(core, seed);
                });
        }
        std::uint64_t seed = 99;
        for (std::uint32_t round = 0; round < rounds; ++round)
        {
            arch::hosted::become_core(Core_id(0));
            EXPECT_TRUE(begin(change_, round));
            while (!change_.idle())
                crossing(0, seed);
            EXPECT_TRUE(change_.succeeded());
            EXPECT_LE(pool_.free(), all);
        }
        stop_ = true;
        for (auto& thread : threads)
            thread.join();
        arch::hosted::become_core(Core_id(0));
        for (auto const& page : exchanged_)
        {
            if (page != 0)
                frames_.release(Host_physical(page), small_order);
        }
        ASSERT_TRUE(change_.begin_end(root(), Core_id(0), nullptr));
        while (!change_.idle())
            cross_all(1);
        ASSERT_TRUE(change_.begin_give_back(root(), table_, Core_id(0), nullptr));
        while (!change_.idle())
            cross_all(1);
        EXPECT_EQ(pool_.free(), all);
    }

    memory::Frame_stocks::Root& root() { return pool_.stocks().root(); }

private:
    void crossing(std::uint32_t core, std::uint64_t& seed)
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
            auto const other = exchanged_[seed >> 58].exchange(page->value());
            if (other != 0)
                frames_.release(Host_physical(other), small_order);
        }
        end_crossing(core);
    }

    object::Object_table table_{};
    object::Change change_{};
    std::array<std::atomic<std::uint64_t>, 64> exchanged_{}; ///< pages that change hands
    std::atomic<bool> stop_{false};
};

TEST_F(Frame_stock_thread, CoresUseTheirStocksWhileThoseMigrate)
{
    run(40,
        [this](object::Change& change, std::uint32_t round)
        {
            return change.begin_migration(root(), Core_id(round % cores), Core_id((round + 1) % cores), Core_id(0),
                                          nullptr);
        });
}

TEST_F(Frame_stock_thread, CoresUseTheirStocksWhileThoseChangeTheirKind)
{
    constexpr std::array kinds{object::Kind::shared, object::Kind::partitioned, object::Kind::per_node};
    run(40, [this, kinds](object::Change& change, std::uint32_t round)
        { return change.begin_kind(root(), kinds[round % kinds.size()], Node_id(0), Core_id(0), nullptr); });
}

} // namespace
} // namespace ovm::test
