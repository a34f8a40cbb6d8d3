#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "policy/scheduler/deadline_tree.hpp"
#include "policy/scheduler_simulator.hpp"

namespace
{

using namespace ovm;
using policy::Deadline_tree;
using policy::distance;
using processor::Schedulable;
using test::Fake_vcpu;

/// The same by searching all of them.
struct Slow_tree
{
    Schedulable* first_within(std::int64_t limit) const
    {
        Schedulable* best = nullptr;
        for (auto* const each : all)
        {
            bool const is_within = distance(each->place().value, limit) >= 0;
            if (is_within && (best == nullptr || distance(each->place().key, best->place().key) > 0))
                best = each;
        }
        return best;
    }
    std::vector<Schedulable*> all{}; ///< as they came
};

unsigned depth(const Schedulable* root)
{
    if (root == nullptr)
        return 0;
    auto const& links = root->place().links;
    return 1 + std::max(depth(links.earlier), depth(links.later));
}

class Deadline_tree_test : public testing::Test
{
protected:
    void live(std::uint64_t seed, std::int64_t origin, unsigned steps, std::uint64_t spread)
    {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        auto const any = [&] { return policy::moved(origin, static_cast<std::int64_t>(random() % spread)); };
        Deadline_tree tree;
        Slow_tree slow;
        for (unsigned step = 0; step < steps; ++step)
        {
            auto& vcpu = vcpus_[random() % vcpus_.size()];
            if (vcpu.place().is_queued())
            {
                tree.remove(vcpu);
                std::erase(slow.all, &vcpu);
            }
            else
            {
                tree.insert(vcpu, any(), any());
                slow.all.push_back(&vcpu);
            }
            ASSERT_EQ(tree.empty(), slow.all.empty());
            auto const limit = any();
            ASSERT_EQ(tree.first_within(limit), slow.first_within(limit)) << "step " << step;
            ASSERT_EQ(tree.first(), slow.first_within(policy::moved(origin, std::int64_t{1} << 61)));
        }
        for (auto* const each : slow.all)
            tree.remove(*each);
        EXPECT_TRUE(tree.empty());
    }

    std::vector<Fake_vcpu> vcpus_{200};
};

TEST_F(Deadline_tree_test, FindsWhatASearchOfAllFinds)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        live(seed, -500'000, 3000, 1'000'000);
}

TEST_F(Deadline_tree_test, EqualDeadlinesComeInTheirOrder)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        live(seed, 0, 3000, 5);
}

TEST_F(Deadline_tree_test, TimeMayWrap)
{
    auto const last = std::numeric_limits<std::int64_t>::max();
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        live(seed, last - 500'000, 3000, 1'000'000);
    live(77, last - (std::int64_t{1} << 60), 3000, std::uint64_t{1} << 61);
}

TEST_F(Deadline_tree_test, StaysFlatUnderOrderedDeadlines)
{
    Deadline_tree tree;
    std::int64_t key = 0;
    for (auto& vcpu : vcpus_)
        tree.insert(vcpu, key++, 0);
    unsigned deepest = 0;
    for (unsigned turn = 0; turn < 5000; ++turn)
    {
        auto& first = *tree.first();
        tree.remove(first);
        tree.insert(first, key++, 0);
        const Schedulable* root = &first;
        while (auto* const above = root->place().links.parent)
            root = above;
        deepest = std::max(deepest, depth(root));
    }
    EXPECT_LT(deepest, 40u);
    EXPECT_GT(deepest, 7u);
    for (auto& vcpu : vcpus_)
        tree.remove(vcpu);
}

} // namespace
