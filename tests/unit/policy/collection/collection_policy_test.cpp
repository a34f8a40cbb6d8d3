#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "fault/failing_policies.hpp"
#include "fault/managed_machine.hpp"
#include "policy/collection/collection_recipes.hpp"

namespace ovm::test
{
namespace
{

using object::Collection_report;
using object::Work;
using policy::Idle_time_collection;
using policy::Paced_collection;

TEST(Collection_policies, PacedWaitsForGarbageOrAQuotaInNeed)
{
    Paced_collection const policy({.growth = 3, .least = Bytes(8192)});
    EXPECT_FALSE(policy.should_start({.survived = Bytes(1000), .allocated = Bytes(8191), .idle = true}));
    EXPECT_TRUE(policy.should_start({.survived = Bytes(1000), .allocated = Bytes(8192)}));
    EXPECT_FALSE(policy.should_start({.survived = Bytes(10'000), .allocated = Bytes(29'999)}));
    EXPECT_TRUE(policy.should_start({.survived = Bytes(10'000), .allocated = Bytes(30'000)}));
    EXPECT_TRUE(policy.should_start({.tight = true}));
    EXPECT_TRUE(policy.should_start({.exhausted = true}));
}

TEST(Collection_policies, IdleTimeIsUsedAsSoonAsThereIsSomething)
{
    Idle_time_collection const policy({.least = Bytes(100), .slice = Work(10)});
    EXPECT_FALSE(policy.should_start({.allocated = Bytes(1 << 20)})) << "guests come first";
    EXPECT_FALSE(policy.should_start({.allocated = Bytes(99), .idle = true}));
    EXPECT_TRUE(policy.should_start({.allocated = Bytes(100), .idle = true}));
    EXPECT_TRUE(policy.should_start({.tight = true}));
    EXPECT_EQ(policy.longest_slice(), Work(10));
}

TEST(Collection_policies, EachOwesEverythingWhenAQuotaIsExhaustedAndSomethingAlways)
{
    Paced_collection const paced;
    Idle_time_collection const idle_time({});
    for (const object::Collection_policy* policy : {static_cast<const object::Collection_policy*>(&paced),
                                                    static_cast<const object::Collection_policy*>(&idle_time)})
    {
        Collection_report report{.headroom = Bytes(1 << 20), .expected = Work(1000)};
        EXPECT_GT(policy->owed(report), Work(0));
        EXPECT_LE(policy->owed(report), policy->longest_slice());
        report.since_asked = Bytes(1 << 18);
        EXPECT_GE(policy->owed(report), Work(500)) << "half of what may be allocated meanwhile";
        report.exhausted = true;
        EXPECT_GE(policy->owed(report), Work(1000));
    }
}

TEST(Collection_policies, ParametersHaveTheirRanges)
{
    EXPECT_TRUE(Paced_collection::check({}));
    EXPECT_FALSE(Paced_collection::check({.growth = 0}));
    EXPECT_FALSE(Paced_collection::check({.growth = 17}));
    EXPECT_FALSE(Paced_collection::check({.least = Bytes(4095)}));
    EXPECT_TRUE(Idle_time_collection::check({}));
    EXPECT_FALSE(Idle_time_collection::check({.slice = Work(97)}));
    EXPECT_FALSE(Idle_time_collection::check({.slice = Work(7)}));
    EXPECT_FALSE(Idle_time_collection::check({.least = Bytes(0)}));
}

/// Notes its end, or fails in it.
class Mortal final : public object::Collected
{
public:
    static constexpr std::string_view type_name = "mortal";
    OVM_TRACE_MAP

    Mortal(unsigned* ended, bool fails) : ended_(*ended), fails_(fails) {}
    ~Mortal()
    {
        OVM_ASSERT(!fails_);
        ++ended_;
    }

private:
    unsigned& ended_;
    bool fails_;
};

class Collection_resource : public Managed_machine
{
protected:
    Collection_resource() { EXPECT_TRUE(policies().collection.add(fails_)); }

    /// Turns until one that was asked for now has ended.
    bool collect()
    {
        auto const before = collector().ended();
        for (unsigned i = 0; i < 4000 && collector().ended() == before; ++i)
        {
            if (collector().step().phase() == object::Phase::idle)
                arch::core_window().heap->request_collection();
            turn(1);
        }
        return collector().ended() > before;
    }
    object::Collector& collector() { return policies().collector(); }

    Misbehaviour plan_{};
    Test_factory<object::Collection_policy> fails_ =
        failing_factory<object::Collection_policy, Failing_collection>("fails", &plan_);
};

TEST_F(Collection_resource, EachGivesWayToEachWhileCollectionsRun)
{
    constexpr std::array<std::string_view, 2> names{"paced", "idle-time"};
    for (auto const from : names)
    {
        for (auto const to : names)
        {
            SCOPED_TRACE(from);
            SCOPED_TRACE(to);
            ASSERT_TRUE(swap("collection", from));
            arch::core_window().heap->request_collection();
            turn(3); // it is under way
            ASSERT_TRUE(swap("collection", to));
            EXPECT_EQ(last("collection").lost, 0u);
            EXPECT_TRUE(collect());
            ASSERT_TRUE(swap("collection", from));
            EXPECT_EQ(in_charge("collection"), from);
            EXPECT_TRUE(collect());
        }
    }
    EXPECT_TRUE(policies().faults().empty());
    expect_all_run();
}

TEST_F(Collection_resource, OneThatFailsInASliceGivesWayAndTheCollectionEnds)
{
    ASSERT_TRUE(swap("collection", "idle-time"));
    ASSERT_TRUE(swap("collection", "fails"));
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, 2);
    EXPECT_TRUE(collect());
    expect_returned("collection", "fails", "idle-time");
    expect_faults(1, "collection");
    EXPECT_TRUE(collect());
    expect_all_run();
}

TEST_F(Collection_resource, OneThatOwesNothingBreaksItsContract)
{
    ASSERT_TRUE(swap("collection", "fails"));
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::refuses);
    EXPECT_TRUE(collect());
    expect_returned("collection", "fails", "paced");
    expect_faults(1, "collection");
    expect_all_run();
}

/// What a swap replaced is garbage, and nobody has to ask for its end.
TEST_F(Collection_resource, ThousandsOfSwapsDoNotExhaustAQuota)
{
    constexpr std::array<std::string_view, 2> names{"paced", "idle-time"};
    for (unsigned i = 0; i < 4000; ++i)
        ASSERT_TRUE(swap("collection", names[i % 2])) << i;
    EXPECT_GE(collector().ended(), 2u);
    EXPECT_TRUE(collect() && collect());
    EXPECT_LE(policies().collection_quota.used(), Bytes(128)) << "the one that is in charge";
    EXPECT_TRUE(policies().faults().empty());
    expect_all_run();
}

TEST_F(Collection_resource, AFinaliserThatFaultsCostsItsSliceAndNothingElse)
{
    unsigned ended = 0;
    object::Quota quota{Bytes(64 << 10)};
    for (unsigned i = 0; i < 9; ++i)
        ASSERT_TRUE(object::allocate<Mortal>(*arch::core_window().heap, quota, &ended, i == 4));
    EXPECT_TRUE(collect() && collect());
    EXPECT_EQ(ended, 8u);
    EXPECT_TRUE(quota.is_unused());
    ASSERT_EQ(policies().faults().size(), 1u);
    EXPECT_EQ(policies().faults()[0].domain, arch::Fault_domain::job);
    EXPECT_FALSE(arch::core_window().records_deletions);
    EXPECT_EQ(arch::core_window().commit_sections, 0u);
    expect_all_run();
}

using Populations = object::Shared_adaptor<memory::Population>;

/// What a VM's populations are made of, each VM with its quota.
class Quota_of_a_vm : public Collection_resource
{
protected:
    Result<> open(Populations& adaptor)
    {
        OVM_TRY(policies().roots().add(adaptor));
        OVM_TRY(adaptor.add(lazy_));
        return adaptor.open(policies().table(), 0, object::Parameters(adaptor.description(0)), Ticks(0));
    }
    void close(Populations& adaptor)
    {
        adaptor.close();
        policies().roots().remove(adaptor);
        if (adaptor.reference())
            policies().table().give_back(adaptor.reference().slot());
    }
    std::unique_ptr<Populations> make(object::Quota& quota)
    {
        return std::make_unique<Populations>("population", std::span<const std::string_view>{}, quota, gate_, none_);
    }

    Test_factory<memory::Population> lazy_ = factory_of<memory::Population, policy::Lazy_population>("lazy");
    object::Gate<memory::Population> gate_{};
    object::No_state<memory::Population> none_{};
};

TEST_F(Quota_of_a_vm, OneThatIsExhaustedIsNobodyElsesConcern)
{
    object::Quota greedy{Bytes(4096)};
    object::Quota modest{Bytes(4096)};
    std::vector<std::unique_ptr<Populations>> all;
    Result<> opened{};
    while (opened && all.size() < 100)
    {
        all.push_back(make(greedy));
        opened = open(*all.back());
    }
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), Error::no_memory);
    EXPECT_GE(all.size(), 20u);
    auto other = make(modest);
    EXPECT_TRUE(open(*other));
    EXPECT_TRUE(collect());
    EXPECT_EQ(make(greedy)->add(lazy_).has_value(), true);
    EXPECT_FALSE(open(*all.emplace_back(make(greedy)))) << "nothing of it is garbage";

    for (auto& each : all)
        close(*each);
    EXPECT_TRUE(collect() && collect());
    EXPECT_TRUE(greedy.is_unused());
    auto again = make(greedy);
    EXPECT_TRUE(open(*again));
    close(*again);
    close(*other);
    policies().policies_left();
}

TEST_F(Quota_of_a_vm, LivesWithoutEndDoNotExhaustOne)
{
    object::Quota quota{Bytes(256 << 10)};
    for (unsigned life = 0; life < 20'000; ++life)
    {
        auto const population = make(quota);
        ASSERT_TRUE(open(*population)) << life;
        turn_core(0);
        close(*population);
        turn_core(1);
    }
    EXPECT_GE(collector().ended(), 2u);
    EXPECT_TRUE(collect() && collect());
    EXPECT_TRUE(quota.is_unused());
}

} // namespace
} // namespace ovm::test

#include "policy/collection/collection_policy_test.generated.hpp"
