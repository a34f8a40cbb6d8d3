#include <array>
#include <thread>
#include <vector>

#include "object/clustered/tally.hpp"
#include "object/object_fixture.hpp"

namespace ovm::test
{
namespace
{

using object::Kind;

class Clustered_thread : public Object_fixture
{
protected:
    static constexpr std::uint32_t cores = 4;

    Clustered_thread() : Object_fixture(cores, 2) {}
};

/// Every core adds as fast as it can while the object changes its kind and its parts migrate: what was answered with
/// success is counted once, everything else not at all.
TEST_F(Clustered_thread, NoCallIsLostOrDoubledWhileItChanges)
{
    constexpr unsigned changes = 60;
    object::Object_table table;
    object::Tombstone<Tally> tombstone;
    Quiet_watch watch;
    Count_factory factory(heap_, watch);
    object::Clustered<Tally> tally(Kind::partitioned, factory, tombstone);
    factory.root = &tally;
    ASSERT_TRUE(tally.open(table));

    std::array<std::atomic<std::uint64_t>, cores> added{};
    std::atomic<std::uint64_t> wrong{0};
    std::atomic<bool> stop{false};
    auto const crossing = [&](std::uint32_t core)
    {
        begin_crossing(core);
        spaces_[core]->inbox.receive_all();
        spaces_[core]->jobs.run_one();
        auto const answer = tally.reference()->add(1);
        if (answer)
            added[core].fetch_add(1, std::memory_order_relaxed);
        else
            wrong.fetch_add(answer.error() == Error::busy ? 0 : 1, std::memory_order_relaxed);
        end_crossing(core);
    };
    std::vector<std::thread> threads;
    for (std::uint32_t core = 1; core < cores; ++core)
    {
        threads.emplace_back(
            [&, core]
            {
                while (!stop.load(std::memory_order_relaxed))
                    crossing(core);
            });
    }
    object::Change change;
    auto const wait = [&]
    {
        while (!change.idle())
            crossing(0);
    };
    for (unsigned round = 0; round < changes; ++round)
    {
        arch::hosted::become_core(Core_id(0));
        auto const begun = round % 3 == 2 ? change.begin_migration(tally, Core_id(round % cores),
                                                                   Core_id((round + 2) % cores), Core_id(0), nullptr)
                                          : change.begin_kind(tally, static_cast<Kind>(round * 7 / 3 % 4),
                                                              Node_id(round % 2), Core_id(0), nullptr);
        ASSERT_TRUE(begun || begun.error() == Error::unsupported);
        wait();
        EXPECT_TRUE(change.succeeded());
        std::uint64_t before = 0;
        for (auto const& one : added)
            before += one;
        EXPECT_GE(total(tally), before);
    }
    stop = true;
    for (auto& thread : threads)
        thread.join();
    std::uint64_t sum = 0;
    for (auto const& one : added)
        sum += one;
    EXPECT_EQ(total(tally), sum);
    EXPECT_GT(sum, 0u);
    EXPECT_EQ(wrong, 0u);

    ASSERT_TRUE(change.begin_end(tally, Core_id(0), nullptr));
    while (!change.idle())
        cross_all(1);
    ASSERT_TRUE(change.begin_give_back(tally, table, Core_id(0), nullptr));
    while (!change.idle())
        cross_all(1);
    EXPECT_EQ(watch.alive, 0u);
}

} // namespace
} // namespace ovm::test
