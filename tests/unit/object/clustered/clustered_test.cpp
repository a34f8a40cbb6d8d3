#include <optional>

#include "arch/crossing.hpp"
#include "object/clustered/tally.hpp"
#include "object/object_fixture.hpp"

namespace ovm::test
{
namespace
{

using object::Kind;

class Clustered_test : public Object_fixture
{
protected:
    static constexpr std::uint32_t cores = 4;

    Clustered_test() : Object_fixture(cores, 2) {}
    ~Clustered_test()
    {
        if (tally_)
            destroy();
        EXPECT_EQ(table_.used(), 0u);
        EXPECT_EQ(watch_.alive, 0u);
    }

    object::Ref<Tally> open(Kind kind, Node_id home = {})
    {
        tally_.emplace(kind, factory_, tombstone_, home);
        factory_.root = &*tally_;
        EXPECT_TRUE(tally_->open(table_));
        return tally_->reference();
    }
    Result<> add(std::uint32_t core, std::uint64_t amount)
    {
        arch::hosted::become_core(Core_id(core));
        return tally_->reference()->add(amount);
    }
    std::optional<std::uint64_t> here(std::uint32_t core)
    {
        arch::hosted::become_core(Core_id(core));
        auto const count = tally_->reference()->here();
        return count ? std::optional(*count) : std::nullopt;
    }
    void change_kind(Kind kind, Node_id home = {})
    {
        arch::hosted::become_core(Core_id(0));
        ASSERT_TRUE(change_.begin_kind(*tally_, kind, home, Core_id(0), nullptr));
        run();
        ASSERT_TRUE(change_.succeeded());
        EXPECT_EQ(tally_->kind(), kind);
    }
    Result<> migrate(std::uint32_t from, std::uint32_t to)
    {
        arch::hosted::become_core(Core_id(0));
        return change_.begin_migration(*tally_, Core_id(from), Core_id(to), Core_id(0), nullptr);
    }
    Result<> end()
    {
        arch::hosted::become_core(Core_id(0));
        return change_.begin_end(*tally_, Core_id(0), nullptr);
    }
    Result<> give_back()
    {
        arch::hosted::become_core(Core_id(0));
        return change_.begin_give_back(*tally_, table_, Core_id(0), nullptr);
    }
    void destroy()
    {
        EXPECT_TRUE(end());
        run();
        EXPECT_TRUE(give_back());
        run();
        tally_.reset();
    }
    void run()
    {
        for (unsigned i = 0; i < 40 && !change_.idle(); ++i)
            cross_all(1);
        EXPECT_TRUE(change_.idle());
    }
    std::uint32_t representatives()
    {
        std::uint32_t count = 0;
        tally_->for_each([&count](object::Representative<Tally>&) { ++count; });
        return count;
    }

    object::Object_table table_{};
    object::Tombstone<Tally> tombstone_{};
    Quiet_watch watch_{};
    Count_factory factory_{heap_, watch_};
    object::Change change_{};
    std::optional<object::Clustered<Tally>> tally_{};
};

TEST_F(Clustered_test, MakesARepresentativeAtFirstUseAndNoneBefore)
{
    open(Kind::partitioned);
    EXPECT_EQ(representatives(), 0u);
    EXPECT_TRUE(add(2, 5));
    EXPECT_TRUE(add(2, 5));
    EXPECT_EQ(representatives(), 1u);
    EXPECT_EQ(factory_.made, 1u);
    EXPECT_TRUE(add(0, 1));
    EXPECT_EQ(here(0), 1u);
    EXPECT_EQ(here(2), 10u);
    EXPECT_EQ(total(*tally_), 11u);
}

TEST_F(Clustered_test, EachKindHasItsRepresentatives)
{
    struct Case
    {
        Kind kind;
        std::uint32_t representatives;
        std::array<std::uint64_t, cores> seen;
    };
    // Each core adds 1, 10, 100, 1000; cores 0 and 1 are on node 0.
    for (auto const& [kind, count, seen] :
         {Case{Kind::shared, 1, {1111, 1111, 1111, 1111}}, Case{Kind::replicated, cores, {1111, 1111, 1111, 1111}},
          Case{Kind::partitioned, cores, {1, 10, 100, 1000}}, Case{Kind::per_node, 2, {11, 11, 1100, 1100}}})
    {
        SCOPED_TRACE(object::to_text(kind));
        if (tally_)
            destroy();
        open(kind, Node_id(1));
        for (std::uint32_t core = 0, amount = 1; core < cores; ++core, amount *= 10)
            EXPECT_TRUE(add(core, amount));
        EXPECT_EQ(representatives(), count);
        EXPECT_EQ(factory_.last_node, Node_id(1));
        for (std::uint32_t core = 0; core < cores; ++core)
            EXPECT_EQ(here(core), seen[core]);
        EXPECT_EQ(total(*tally_), 1111u);
    }
}

TEST_F(Clustered_test, AReplicaThatComesLateKnowsWhatTheOthersKnow)
{
    open(Kind::replicated);
    EXPECT_TRUE(add(0, 3));
    EXPECT_TRUE(add(1, 4));
    EXPECT_EQ(here(3), 7u);
    EXPECT_EQ(representatives(), 3u);
}

TEST_F(Clustered_test, WithoutMemoryTheFirstCallFailsAndTheNextTriesAgain)
{
    open(Kind::partitioned);
    factory_.most = 0;
    EXPECT_EQ(add(1, 1).error(), Error::no_memory);
    factory_.most = 1;
    EXPECT_TRUE(add(1, 1));
    EXPECT_EQ(total(*tally_), 1u);
}

TEST_F(Clustered_test, AChangeOfKindKeepsTheCount)
{
    constexpr std::array kinds{Kind::shared, Kind::replicated, Kind::partitioned, Kind::per_node};
    open(Kind::shared);
    std::uint64_t added = 0;
    for (auto const from : kinds)
    {
        for (auto const to : kinds)
        {
            SCOPED_TRACE(std::string(object::to_text(from)) + " to " + std::string(object::to_text(to)));
            for (auto const kind : {from, to})
            {
                change_kind(kind);
                EXPECT_EQ(total(*tally_), added);
                for (std::uint32_t core = 0; core < cores; ++core)
                {
                    EXPECT_TRUE(add(core, core + 1));
                    added += core + 1;
                }
                EXPECT_EQ(total(*tally_), added);
                EXPECT_EQ(watch_.alive, representatives());
            }
        }
    }
}

TEST_F(Clustered_test, PartsShareWhatTheWholeKnew)
{
    open(Kind::shared);
    EXPECT_TRUE(add(0, 40));
    change_kind(Kind::partitioned);
    for (std::uint32_t core = 0; core < cores; ++core)
        EXPECT_EQ(here(core), 10u);
}

TEST_F(Clustered_test, CallersOfAChangeMeetTheGateUntilAllHaveLeft)
{
    open(Kind::partitioned);
    EXPECT_TRUE(add(3, 1));
    begin_crossing(3); // it may be in its representative
    arch::hosted::become_core(Core_id(0));
    ASSERT_TRUE(change_.begin_kind(*tally_, Kind::shared, {}, Core_id(0), nullptr));
    for (unsigned i = 0; i < 20; ++i)
        cross(0);
    EXPECT_FALSE(change_.idle());
    EXPECT_EQ(add(1, 1).error(), Error::busy);
    EXPECT_EQ(total(*tally_), 1u);
    end_crossing(3);
    run();
    EXPECT_TRUE(add(1, 1));
    EXPECT_EQ(total(*tally_), 2u);
}

TEST_F(Clustered_test, AChangeThatFindsNoMemoryChangesNothing)
{
    open(Kind::shared);
    EXPECT_TRUE(add(0, 9));
    factory_.most = factory_.made + 2;
    arch::hosted::become_core(Core_id(0));
    ASSERT_TRUE(change_.begin_kind(*tally_, Kind::partitioned, {}, Core_id(0), nullptr));
    run();
    EXPECT_FALSE(change_.succeeded());
    EXPECT_EQ(change_.error(), Error::no_memory);
    EXPECT_EQ(tally_->kind(), Kind::shared);
    EXPECT_EQ(watch_.alive, 1u);
    EXPECT_TRUE(add(1, 1));
    EXPECT_EQ(total(*tally_), 10u);
}

/// Its crossing is discarded while it makes a representative.
class Faulting_factory final : public object::Representative_factory<Tally>
{
public:
    explicit Faulting_factory(Count_factory& good) : good_(good) {}
    Result<object::Owned<object::Representative<Tally>>> make(object::Kind kind, Node_id node) override
    {
        if (faults_next)
            arch::discard_crossing({.kind = arch::Fault::Kind::injected, .what = "make"});
        return good_.make(kind, node);
    }

    bool faults_next = false;

private:
    Count_factory& good_;
};

TEST_F(Clustered_test, AChangeThatFaultsBeforeTheGateEndsAndChangesNothing)
{
    Faulting_factory faulting{factory_};
    tally_.emplace(Kind::partitioned, faulting, tombstone_);
    ASSERT_TRUE(tally_->open(table_));
    EXPECT_TRUE(add(1, 9));
    arch::hosted::become_core(Core_id(0));
    ASSERT_TRUE(change_.begin_kind(*tally_, Kind::shared, {}, Core_id(0), nullptr));
    spaces_[0]->inbox.receive_all();
    faulting.faults_next = true;
    struct Slice final : arch::Crossing_body
    {
        explicit Slice(object::Job_queue& queue) : jobs(queue) {}
        void cross() override { jobs.run_one(); }
        object::Job_queue& jobs;
    } slice{spaces_[0]->jobs};
    auto const* const fault = arch::run_crossing(slice);
    ASSERT_NE(fault, nullptr);
    ASSERT_TRUE(spaces_[0]->jobs.discarded(fault));
    run();
    EXPECT_EQ(change_.error(), Error::faulted);
    EXPECT_FALSE(change_.succeeded());
    EXPECT_EQ(watch_.alive, 1u);
    EXPECT_EQ(total(*tally_), 9u);
    faulting.faults_next = false;
    change_kind(Kind::shared);
    EXPECT_EQ(total(*tally_), 9u);
    destroy();
    tally_.reset();
}

TEST_F(Clustered_test, OneObjectHasOneChangeAtATime)
{
    open(Kind::shared);
    arch::hosted::become_core(Core_id(0));
    object::Change other;
    ASSERT_TRUE(change_.begin_kind(*tally_, Kind::partitioned, {}, Core_id(0), nullptr));
    EXPECT_EQ(other.begin_end(*tally_, Core_id(0), nullptr).error(), Error::busy);
    run();
    EXPECT_EQ(migrate(1, 1).error(), Error::unsupported);
    EXPECT_TRUE(migrate(1, 2)); // what was refused left nothing claimed
    run();
}

TEST_F(Clustered_test, APartMigratesToAnotherCoreAndOthersGoOnMeanwhile)
{
    open(Kind::partitioned);
    EXPECT_TRUE(add(1, 10));
    EXPECT_TRUE(add(2, 5));
    begin_crossing(1);
    ASSERT_TRUE(migrate(1, 2));
    for (unsigned i = 0; i < 10; ++i)
        cross(0);
    EXPECT_EQ(add(1, 1).error(), Error::busy);
    EXPECT_EQ(add(2, 1).error(), Error::busy);
    EXPECT_TRUE(add(3, 1));
    end_crossing(1);
    run();
    EXPECT_EQ(here(2), 15u);
    EXPECT_EQ(representatives(), 2u);
    EXPECT_EQ(here(1), 0u); // made anew
    EXPECT_EQ(total(*tally_), 16u);
}

TEST_F(Clustered_test, NodesPartsAndSharedObjectsMigrateToo)
{
    open(Kind::per_node);
    EXPECT_TRUE(add(0, 10));
    EXPECT_TRUE(add(3, 1));
    EXPECT_EQ(migrate(0, 1).error(), Error::unsupported); // one node
    ASSERT_TRUE(migrate(0, 2));
    run();
    EXPECT_EQ(here(2), 11u);
    EXPECT_EQ(here(1), 0u);
    change_kind(Kind::shared, Node_id(0));
    EXPECT_EQ(factory_.last_node, Node_id(0));
    ASSERT_TRUE(migrate(0, 3));
    run();
    EXPECT_EQ(factory_.last_node, Node_id(1));
    EXPECT_EQ(here(0), 11u);
    EXPECT_EQ(representatives(), 1u);
    change_kind(Kind::replicated);
    EXPECT_EQ(migrate(0, 3).error(), Error::unsupported);
}

TEST_F(Clustered_test, ADestroyedObjectAnswersGoneAndItsSlotIsReusedLast)
{
    auto const reference = open(Kind::partitioned);
    EXPECT_TRUE(add(1, 10));
    begin_crossing(1);
    ASSERT_TRUE(end());
    for (unsigned i = 0; i < 10; ++i)
        cross(0);
    EXPECT_EQ(watch_.alive, 1u); // core 1 may still be in it
    EXPECT_EQ(add(1, 1).error(), Error::gone);
    EXPECT_EQ(add(2, 1).error(), Error::gone); // never called before
    end_crossing(1);
    run();
    EXPECT_EQ(watch_.alive, 0u);
    EXPECT_EQ(total(*tally_), 0u);
    EXPECT_EQ(table_.used(), 1u);
    EXPECT_EQ(change_.begin_kind(*tally_, Kind::shared, {}, Core_id(0), nullptr).error(), Error::gone);
    begin_crossing(2); // may hold a reference that is stored nowhere
    ASSERT_TRUE(give_back());
    for (unsigned i = 0; i < 10; ++i)
        cross(0);
    EXPECT_EQ(table_.used(), 1u);
    arch::hosted::become_core(Core_id(2));
    EXPECT_EQ(reference->add(1).error(), Error::gone);
    end_crossing(2);
    run();
    EXPECT_EQ(table_.used(), 0u);
    tally_.reset();
}

} // namespace
} // namespace ovm::test
