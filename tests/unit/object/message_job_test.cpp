#include <string>

#include "arch/crossing.hpp"
#include "object/object_fixture.hpp"

namespace ovm::test
{
namespace
{

class Word final : public object::Message
{
public:
    Word(std::string& text, char letter) : text_(text), letter_(letter) {}
    void received() override { text_ += letter_; }

private:
    std::string& text_;
    char letter_;
};

class Broken final : public object::Message
{
public:
    void received() override { OVM_ASSERT(false); }
};

class Counting_job final : public object::Job
{
public:
    explicit Counting_job(unsigned slices) : left(slices) {}
    Step step() override
    {
        ++steps;
        if (left == 0)
            return Step::wait;
        return --left == 0 ? Step::done : Step::again;
    }
    unsigned left;
    unsigned steps = 0;
};

class Message_test : public Object_fixture
{
};

TEST_F(Message_test, ArrivesInTheOrderOfPosting)
{
    std::string text;
    Word a(text, 'a'), b(text, 'b'), c(text, 'c');
    for (auto* const word : {&a, &b, &c})
        object::post(Core_id(1), *word);
    EXPECT_EQ(arch::hosted::kicks(Core_id(1)), 3u);
    cross(1);
    EXPECT_EQ(text, "abc");
}

TEST_F(Message_test, PostedTwiceBeforeReceptionArrivesOnce)
{
    std::string text;
    Word a(text, 'a');
    object::post(Core_id(1), a);
    object::post(Core_id(1), a);
    cross(1);
    EXPECT_EQ(text, "a");
    object::post(Core_id(1), a);
    cross(1);
    EXPECT_EQ(text, "aa");
}

/// Its receiver lives on one core at a time.
class Follower final : public object::Message
{
public:
    void received() override { received_on.push_back(arch::this_core()); }
    Core_id receiver(Core_id) const override { return home; }
    Core_id home{};
    std::vector<Core_id> received_on{};
};

TEST_F(Message_test, AMessageFollowsAReceiverThatHasMoved)
{
    Follower one;
    object::post(Core_id(0), one);
    one.home = Core_id(2);
    auto const kicks = arch::hosted::kicks(Core_id(2));
    EXPECT_TRUE(one.posted());
    cross(0);
    EXPECT_TRUE(one.posted()) << "nobody may destroy it yet";
    EXPECT_TRUE(one.received_on.empty());
    EXPECT_EQ(arch::hosted::kicks(Core_id(2)), kicks + 1);
    object::post(Core_id(1), one); // it is posted already, wherever it is
    cross(1);
    EXPECT_TRUE(one.received_on.empty());
    cross(2);
    cross(2);
    EXPECT_EQ(one.received_on, std::vector{Core_id(2)});
    EXPECT_FALSE(one.posted());
}

TEST_F(Message_test, ADiscardedReceptionLosesItselfAlone)
{
    std::string text;
    Word a(text, 'a'), b(text, 'b');
    Broken broken;
    object::post(Core_id(0), a);
    object::post(Core_id(0), broken);
    object::post(Core_id(0), b);
    class Body final : public arch::Crossing_body
    {
    public:
        void cross() override
        {
            arch::core_window().domain = arch::Fault_domain::guest;
            object::local_space().inbox.receive_all();
        }
    } body;
    auto const* const fault = arch::run_crossing(body);
    ASSERT_NE(fault, nullptr);
    EXPECT_EQ(fault->kind, arch::Fault::Kind::contract);
    EXPECT_EQ(text, "a");
    EXPECT_EQ(arch::run_crossing(body), nullptr);
    EXPECT_EQ(text, "ab");
}

TEST_F(Message_test, ADiscardedCrossingHoldsNoLock)
{
    Ranked_lock<Rank::heap> lock;
    class Body final : public arch::Crossing_body
    {
    public:
        explicit Body(Ranked_lock<Rank::heap>& lock) : lock_(lock) {}
        void cross() override
        {
            arch::core_window().domain = arch::Fault_domain::scheduler;
            Lock_guard const guard(lock_);
            OVM_ASSERT(false);
        }

    private:
        Ranked_lock<Rank::heap>& lock_;
    } body(lock);
    EXPECT_NE(arch::run_crossing(body), nullptr);
    EXPECT_EQ(arch::core_window().held_ranks, 0u);
    Lock_guard const guard(lock); // would spin for ever
}

TEST_F(Message_test, ACommitSectionIsNeverDiscarded)
{
    class Body final : public arch::Crossing_body
    {
    public:
        void cross() override
        {
            arch::core_window().domain = arch::Fault_domain::guest;
            arch::Commit_section const commit;
            OVM_ASSERT(false);
        }
    } body;
    EXPECT_DEATH(static_cast<void>(arch::run_crossing(body)), "assertion broken");
}

TEST_F(Message_test, JobsTakeTurnsAndRunOnTheirCore)
{
    Counting_job one(3), other(2);
    one.start(Core_id(2));
    other.start(Core_id(2));
    cross(1);
    EXPECT_EQ(one.steps + other.steps, 0u);
    cross(2);
    EXPECT_EQ(one.steps, 1u);
    cross(2);
    EXPECT_EQ(other.steps, 1u);
    cross_all(4);
    EXPECT_EQ(one.steps, 3u);
    EXPECT_EQ(other.steps, 2u);
    EXPECT_TRUE(spaces_[2]->jobs.empty());
}

TEST_F(Message_test, AWaitingJobIsStartedAgain)
{
    Counting_job job(0);
    job.start(Core_id(0));
    cross_all(3);
    EXPECT_EQ(job.steps, 1u);
    job.start(Core_id(0));
    job.start(Core_id(0));
    cross_all(3);
    EXPECT_EQ(job.steps, 2u);
}

TEST_F(Message_test, AGracePeriodLastsUntilEachCrossingOfItsBeginningHasEnded)
{
    begin_crossing(0);
    begin_crossing(1);
    end_crossing(2);
    arch::core_window_of(Core_id(2)).epoch = 0;
    object::Grace_period grace;
    grace.begin();
    EXPECT_FALSE(grace.over());
    end_crossing(1);
    EXPECT_FALSE(grace.over());
    begin_crossing(1); // a later one does not count
    begin_crossing(2);
    end_crossing(0);
    EXPECT_TRUE(grace.over());
}

} // namespace
} // namespace ovm::test
