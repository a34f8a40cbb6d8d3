#include "fault/managed_machine.hpp"

/// A swap of schedulers that one core refuses: what the others do on their way back.
namespace ovm::test
{
namespace
{

/// The way of one of them, by a plan that all instances share.
struct Plan
{
    bool export_fails = false;        ///< of those made after the first
    bool import_fails_on_one = false; ///< of the second core's
    bool import_breaks = false;
};

class Planned_scheduler final : public Sound_scheduler
{
public:
    explicit Planned_scheduler(Plan* plan) : Sound_scheduler(Managed_policies::slice), plan_(*plan) {}
    Result<> export_state(processor::Scheduler_state& state) override
    {
        if (plan_.export_fails)
            return Error::corrupt;
        return Sound_scheduler::export_state(state);
    }
    Result<> import_state(processor::Scheduler_state& state) override
    {
        if (plan_.import_fails_on_one && arch::this_core() == Core_id(1))
            return Error::denied;
        OVM_ASSERT(!plan_.import_breaks);
        return Sound_scheduler::import_state(state);
    }

private:
    Plan& plan_;
};

class Way_back : public Managed_machine
{
protected:
    Way_back() { EXPECT_TRUE(policies().scheduler.add(factory_)); }

    Plan plan_{};
    Test_factory<processor::Scheduler> factory_ =
        factory_of<processor::Scheduler, Planned_scheduler>("planned", &plan_);
};

TEST_F(Way_back, LeadsToTheOldPolicyOnEveryCore)
{
    plan_.import_fails_on_one = true;
    EXPECT_FALSE(swap("scheduler", "planned"));
    EXPECT_EQ(policies().swap.error(), Error::denied);
    EXPECT_EQ(in_charge("scheduler"), "round-robin");
    expect_all_run();
    EXPECT_TRUE(policies().faults().empty());
}

/// Core 0 has exchanged and is asked back, but what it has now hands over nothing.
TEST_F(Way_back, DoesNotNeedWhatTheNextPolicyKnows)
{
    plan_.import_fails_on_one = plan_.export_fails = true;
    EXPECT_FALSE(swap("scheduler", "planned"));
    EXPECT_EQ(in_charge("scheduler"), "round-robin");
    plan_.import_fails_on_one = false;
    // No core has a planned one any more: it would refuse to hand over to this.
    EXPECT_TRUE(swap("scheduler", "fair"));
    expect_all_run();
    EXPECT_TRUE(policies().faults().empty());
}

/// The old policy itself refuses its vcpus, on its way back: it broke its contract.
TEST_F(Way_back, EndsWithTheBuiltInWhenTheOldPolicyDoesNotComeBack)
{
    EXPECT_TRUE(swap("scheduler", "planned"));
    Plan refusing{.import_fails_on_one = true};
    auto const other = factory_of<processor::Scheduler, Planned_scheduler>("refusing", &refusing);
    ASSERT_TRUE(policies().scheduler.add(other));
    plan_.import_breaks = true;
    EXPECT_FALSE(swap("scheduler", "refusing"));
    turn(400);
    EXPECT_EQ(in_charge("scheduler"), "round-robin");
    expect_all_run();
    EXPECT_GE(policies().faults().size(), 1u);
    EXPECT_TRUE(last("scheduler").returned);
}

} // namespace
} // namespace ovm::test
