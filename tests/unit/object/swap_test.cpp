#include <array>
#include <string>

#include "object/adaptor/shared_adaptor.hpp"
#include "object/adaptor/swap.hpp"
#include "object/object_fixture.hpp"

namespace ovm::test
{
namespace
{

/// A family of policies that count their calls; the count is their state.
class Counter
{
public:
    struct State
    {
        std::uint64_t count = 0;
        std::uint32_t lost = 0;
    };

    virtual Result<std::uint64_t> call() = 0;
    virtual Result<> export_state(State& state) = 0;
    virtual Result<> import_state(State& state) = 0;

protected:
    ~Counter() = default;
};

class Gate final : public Counter
{
public:
    Result<std::uint64_t> call() override { return Error::busy; }
    Result<> export_state(State&) override { return Error::busy; }
    Result<> import_state(State&) override { return Error::busy; }
};

int alive = 0;

class Plain final : public Counter
{
public:
    explicit Plain(std::uint64_t step) : step_(step) { ++alive; }
    ~Plain() { --alive; }

    Result<std::uint64_t> call() override { return count_ += step_; }
    Result<> export_state(State& state) override
    {
        if (step_ == 3)
            return Error::denied;
        state.count = count_;
        return {};
    }
    Result<> import_state(State& state) override
    {
        if (step_ == 4)
            return Error::unsupported;
        count_ = state.count;
        state.lost = step_ == 2 ? 1 : 0;
        return {};
    }

private:
    std::uint64_t count_ = 0;
    std::uint64_t step_;
};

constexpr std::array<object::Parameter, 1> list{{{"step", object::Unit::number, 1, 0, 9, "what a call adds"}}};
constexpr object::Policy_description description{"plain", "counts", list};
constexpr std::array<std::string_view, 1> losses{"something"};

class Plain_factory final : public object::Factory<Counter>
{
public:
    const object::Policy_description& description() const override { return test::description; }
    Result<object::Made_policy<Counter>> make(object::Quota& quota, const object::Parameters& parameters) const override
    {
        if (parameters["step"] == 5)
            return Error::no_memory;
        return object::make_policy<Counter, Plain>(quota, parameters["step"]);
    }
};

class Swap_test : public Object_fixture
{
protected:
    Swap_test()
    {
        for (auto* const adaptor : {&one_, &other_})
        {
            EXPECT_TRUE(heaps_->roots.add(*adaptor));
            EXPECT_TRUE(adaptor->add(factory_));
            EXPECT_TRUE(adaptor->open(table_, 0, object::Parameters(description), arch::time_stamp() + Ticks(1)));
        }
    }
    ~Swap_test()
    {
        one_.close();
        other_.close();
        EXPECT_EQ(heaps_->collect(), 0u);
        EXPECT_EQ(alive, 0);
        EXPECT_TRUE(quota_.is_unused());
    }
    /// Policies that are there, after a collection.
    int left()
    {
        EXPECT_EQ(heaps_->collect(), static_cast<std::uint64_t>(alive));
        return alive;
    }
    static object::Parameters step(std::string_view value)
    {
        object::Parameters parameters(description);
        EXPECT_TRUE(parameters.set("step", value));
        return parameters;
    }
    void begin(object::Swap& swap, std::string_view value) { begin(swap, {{&one_, value}}); }
    void begin(object::Swap& swap,
               std::initializer_list<std::pair<object::Shared_adaptor<Counter>*, std::string_view>> list)
    {
        arch::hosted::become_core(Core_id(0));
        swap.prepare("test");
        for (auto const& [adaptor, value] : list)
            ASSERT_TRUE(swap.add({adaptor, 0, step(value)}));
        swap.begin(Core_id(0), nullptr);
    }
    static Result<std::uint64_t> call(object::Shared_adaptor<Counter>& adaptor, std::uint32_t core = 0)
    {
        arch::hosted::become_core(Core_id(core));
        return adaptor.reference()->call();
    }

    Plain_factory factory_{};
    Gate gate_{};
    object::No_state<Counter> source_{};
    object::Object_table table_{};
    object::Quota quota_{Bytes(64 << 10)};
    object::Shared_adaptor<Counter> one_{"one", losses, quota_, gate_, source_};
    object::Shared_adaptor<Counter> other_{"other", losses, quota_, gate_, source_};
    object::Swap swap_{};
};

TEST_F(Swap_test, CarriesTheStateAndServesEveryCoreFromTheNextPolicy)
{
    EXPECT_EQ(call(one_), 1u);
    begin(swap_, "2");
    cross_all(12);
    ASSERT_TRUE(swap_.idle());
    EXPECT_TRUE(swap_.succeeded());
    EXPECT_EQ(call(one_, 0), 3u);
    EXPECT_EQ(call(one_, 2), 5u);
    auto const& record = one_.history()[0];
    EXPECT_EQ(record.reached, object::Swap_phase::done);
    EXPECT_EQ(record.lost, 1u);
    EXPECT_EQ(record.who.view(), "test");
    EXPECT_EQ(left(), 2); // the old one is gone
}

TEST_F(Swap_test, WaitsForCallersThatCameBeforeTheGate)
{
    begin_crossing(1); // it may have loaded the old policy
    begin(swap_, "2");
    for (unsigned i = 0; i < 20; ++i)
        cross(0);
    EXPECT_FALSE(swap_.idle());
    EXPECT_EQ(call(one_, 2).error(), Error::busy); // the gate
    end_crossing(1);
    cross_all(12);
    EXPECT_TRUE(swap_.idle());
    EXPECT_TRUE(call(one_, 2));
}

TEST_F(Swap_test, KeepsTheOldPolicyUntilNobodyUsesIt)
{
    begin(swap_, "2");
    for (unsigned i = 0; i < 20 && one_.parameters()["step"] == 1; ++i)
        cross(0);
    begin_crossing(1);
    EXPECT_EQ(alive, 3);
    for (unsigned i = 0; i < 20; ++i)
        cross(0);
    EXPECT_TRUE(swap_.idle() || alive == 3);
    end_crossing(1);
    cross_all(4);
    EXPECT_EQ(left(), 2);
}

TEST_F(Swap_test, AFailureInAnyPhaseLeavesTheOldPolicyInCharge)
{
    struct Case
    {
        std::string_view from, to;
        object::Swap_phase phase;
        Error error;
    };
    for (auto const& [from, to, phase, error] : {Case{"1", "5", object::Swap_phase::construct, Error::no_memory},
                                                 Case{"1", "4", object::Swap_phase::carry, Error::unsupported},
                                                 Case{"3", "1", object::Swap_phase::carry, Error::denied}})
    {
        SCOPED_TRACE(to);
        begin(swap_, from);
        cross_all(12);
        ASSERT_TRUE(swap_.succeeded());
        auto const before = call(one_);
        begin(swap_, to);
        cross_all(12);
        ASSERT_TRUE(swap_.idle());
        EXPECT_FALSE(swap_.succeeded());
        EXPECT_EQ(swap_.failed_in(), phase);
        EXPECT_EQ(swap_.error(), error);
        EXPECT_EQ(one_.history()[0].reached, phase);
        EXPECT_EQ(call(one_, 1), *before + one_.parameters()["step"]);
        EXPECT_EQ(left(), 2);
        if (from == "3")
            break; // it hands over to nobody
    }
}

TEST_F(Swap_test, ATransactionIsAllOrNothing)
{
    begin(swap_, {{&one_, "2"}, {&other_, "4"}});
    cross_all(12);
    EXPECT_FALSE(swap_.succeeded());
    EXPECT_EQ(swap_.failed_request(), 1u);
    EXPECT_EQ(call(one_), 1u);
    EXPECT_EQ(call(other_), 1u);
    begin(swap_, {{&one_, "2"}, {&other_, "6"}});
    cross_all(12);
    EXPECT_TRUE(swap_.succeeded());
    EXPECT_EQ(call(one_), 3u);
    EXPECT_EQ(call(other_), 7u);
}

TEST_F(Swap_test, OneResourceHasOneSwapAtATimeAndOthersHaveTheirs)
{
    object::Swap second;
    begin(swap_, "2");
    second.prepare("test");
    EXPECT_EQ(second.add({&one_, 0, step("3")}).error(), Error::busy);
    EXPECT_TRUE(second.add({&other_, 0, step("2")}));
    second.begin(Core_id(0), nullptr);
    cross_all(24);
    EXPECT_TRUE(swap_.succeeded() && swap_.idle());
    EXPECT_TRUE(second.succeeded() && second.idle());
    second.prepare("test");
    EXPECT_TRUE(second.add({&one_, 0, step("3")}));
    second.abandon();
    begin(swap_, "1");
    cross_all(12);
    EXPECT_TRUE(swap_.succeeded());
}

TEST_F(Swap_test, RemembersTheLastGoodPolicyAndTheLastSwaps)
{
    for (unsigned i = 0; i < 20; ++i)
    {
        begin(swap_, i % 2 == 0 ? "2" : "6");
        cross_all(12);
    }
    EXPECT_EQ(one_.parameters()["step"], 6u);
    ASSERT_TRUE(one_.last_good());
    EXPECT_EQ(one_.last_good()->parameters["step"], 2u);
    EXPECT_EQ(one_.history().count(), 20u);
    EXPECT_EQ(one_.history().kept(), object::History::depth);
}

} // namespace
} // namespace ovm::test
