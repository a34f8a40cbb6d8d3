#include "fault/failing_policies.hpp"
#include "fault/managed_machine.hpp"

/// A policy of each family fails while it is asked: its stand-in serves at once, Return finds another, and nobody else
/// notices.
namespace ovm::test
{
namespace
{

constexpr std::string_view broken = "fails";

class Return_test : public Managed_machine
{
protected:
    Return_test()
    {
        EXPECT_TRUE(policies().halt.add(halt_));
        EXPECT_TRUE(policies().frames_adaptor().add(frames_));
        EXPECT_TRUE(policies().population_adaptor().add(population_));
        EXPECT_TRUE(policies().placement.add(placement_));
    }
    /// A guest that makes the exit `memory` at one new page after the other, as its first touch.
    Running_vcpu& add_toucher()
    {
        auto& toucher = machine_.add(0);
        toucher.guest = [this](arch::hosted::Guest& guest)
        {
            touching_ = Guest_physical(touched_ * page_size.value());
            guest.exit(touched_ < pages ? arch::svm::exit_code::nested_fault : arch::svm::exit_code::intr, 4,
                       touching_.value());
        };
        toucher.on_exit = [this](processor::Vcpu& vcpu, const arch::Exit&)
        {
            EXPECT_TRUE(vcpu.memory().populate(touching_));
            ++touched_;
        };
        toucher.vcpu->start(processor::Run_state::runnable);
        return toucher;
    }
    /// A guest that halts and is woken, again and again.
    Running_vcpu& add_sleeper()
    {
        auto& sleeper = machine_.add(1);
        sleeper.guest = [](arch::hosted::Guest& guest)
        {
            guest.vmcb.state.rflags |= 0x200;
            guest.exit(arch::svm::exit_code::hlt);
        };
        sleeper.on_exit = [this](processor::Vcpu& vcpu, const arch::Exit&)
        {
            ++halts_;
            vcpu.halt();
        };
        sleeper.vcpu->start(processor::Run_state::runnable);
        return sleeper;
    }

    static constexpr unsigned pages = 64;
    Misbehaviour plan_{};
    Guest_physical touching_{};
    unsigned touched_ = 0;
    unsigned halts_ = 0;
    Test_factory<processor::Halt> halt_ = failing_factory<processor::Halt, Failing_halt>(broken, &plan_);
    Test_factory<memory::Frame_policy> frames_ =
        failing_factory<memory::Frame_policy, Failing_frames>(broken, &plan_, &machine_.pool());
    Test_factory<memory::Population> population_ =
        failing_factory<memory::Population, Failing_population>(broken, &plan_);
    Test_factory<processor::Placement> placement_ =
        failing_factory<processor::Placement, Failing_placement>(broken, &plan_, cores);
};

TEST_F(Return_test, AFrameAllocatorThatFailsIsReplacedAndTheExitReplayed)
{
    ASSERT_TRUE(swap("frames", broken));
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, 20);
    auto const used = machine_.memory().used();
    auto& toucher = add_toucher();
    auto const before = machine_.pool().free();
    turn(200);
    EXPECT_EQ(touched_, pages);
    EXPECT_EQ(toucher.times_stopped, 0u);
    expect_returned("frames", broken, "first-touch");
    expect_faults(1, "frames");
    expect_all_run();
    EXPECT_EQ(before - machine_.pool().free(), machine_.memory().used() - used) << "no frame is lost";
}

TEST_F(Return_test, APopulationThatFailsIsReplacedAndTheExitReplayed)
{
    ASSERT_TRUE(swap("population", broken));
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, 20);
    add_toucher();
    turn(200);
    EXPECT_EQ(touched_, pages);
    expect_returned("population", broken, "lazy");
    expect_faults(1, "population");
    expect_all_run();
}

TEST_F(Return_test, AHaltPolicyThatFailsLosesNoWakeUp)
{
    for (unsigned fails = 1; fails <= 6; ++fails)
    {
        ASSERT_TRUE(swap("halt", broken));
        auto& sleeper = add_sleeper();
        plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, fails);
        auto const before = halts_;
        for (unsigned i = 0; i < 20; ++i)
        {
            turn(3);
            sleeper.interrupts.pending = 0x40;
            sleeper.vcpu->notify();
        }
        EXPECT_GE(halts_ - before, 15u) << fails;
        expect_returned("halt", broken, "at-once");
        expect_faults(fails, "halt");
        sleeper.vcpu->stop();
        turn(3);
    }
    expect_all_run();
}

/// Its homes are rebuilt from where the vcpus live; the job that asked asks again.
TEST_F(Return_test, APlacementThatFailsIsRebuiltFromWhereVcpusLive)
{
    class Places final : public object::Job
    {
    public:
        explicit Places(Managed_policies& policies) : policies_(policies) {}
        std::vector<Core_id> homes{};
        Step step() override
        {
            Vcpu_index const index(static_cast<std::uint32_t>(homes.size()));
            auto const home = policies_.placement.policy_reference().ask(
                [&](processor::Placement& policy) { return policy.place({Vm_id(1), index}, {}, {}); });
            if (!home)
                return home.error() == Error::busy ? Step::again : Step::done;
            policies_.homes.homes[0][homes.size()] = processor::Placement_state::Home::at(*home);
            homes.push_back(*home);
            policies_.homes.vcpus[0] = static_cast<std::uint8_t>(homes.size());
            return homes.size() == 8 ? Step::done : Step::again;
        }

    private:
        Managed_policies& policies_;
    } places{policies()};
    ASSERT_TRUE(swap("placement", broken));
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, 4);
    places.start(Core_id(0));
    turn(400);
    EXPECT_EQ(places.homes.size(), 8u);
    expect_returned("placement", broken, "static");
    expect_faults(1, "placement");
    auto const leave = [&](std::uint32_t index)
    { return policies().placement.reference()->leave({Vm_id(1), Vcpu_index(index)}).has_value(); };
    for (std::uint32_t index = 0; index < 8; ++index)
        EXPECT_TRUE(leave(index)) << index;
}

TEST_F(Return_test, GoesToTheLastGoodOneInProbationAndToTheBuiltInAfterIt)
{
    ASSERT_TRUE(swap("halt", "adaptive"));
    ASSERT_TRUE(swap("halt", broken));
    auto& sleeper = add_sleeper();
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, 1);
    turn(10);
    expect_returned("halt", broken, "adaptive");
    sleeper.vcpu->stop();
    turn(2);

    ASSERT_TRUE(swap("halt", broken));
    arch::hosted::advance(object::Return::probation + Nanoseconds{1});
    add_sleeper();
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, 1);
    turn(10);
    expect_returned("halt", broken, "at-once");
}

/// What failed is never the last good one.
TEST_F(Return_test, DoesNotGoBackToWhatFailed)
{
    ASSERT_TRUE(swap("halt", broken));
    add_sleeper();
    plan_.arm(Misbehaviour::Step::decide, Misbehaviour::How::breaks, 1);
    turn(50);
    expect_returned("halt", broken, "at-once");
    auto const& good = policies().halt.last_good();
    EXPECT_TRUE(!good || policies().halt.description(good->policy).name != broken);
}

} // namespace
} // namespace ovm::test
