#pragma once

#include <array>
#include <atomic>
#include <string_view>
#include <utility>

#include "base/contract.hpp"
#include "object/adaptor/policy_reference.hpp"
#include "object/test_factory.hpp"
#include "policy/collection/paced.hpp"
#include "policy/failing_schedulers.hpp"
#include "policy/frames/first_touch.hpp"
#include "policy/halt/at_once.hpp"
#include "policy/placement/static_placement.hpp"
#include "policy/population/lazy.hpp"

/// Policies of every family that fail as a test wants it, and are the built-in one otherwise.
namespace ovm::test
{

/// Where and how one fails. Shared by all instances of a test.
struct Misbehaviour
{
    enum class Step : std::uint8_t
    {
        nowhere,
        construct,
        export_state,
        import_state,
        decide
    };
    enum class How : std::uint8_t
    {
        refuses, ///< answers an error
        breaks,  ///< breaks its contract
        loops
    };

    void arm(Step where, How failing, unsigned times = 1)
    {
        how = failing;
        left = times;
        step = where;
    }
    bool constructor_refuses()
    {
        if (step != Step::construct || how != How::refuses)
            return false;
        return !look(Step::construct);
    }
    Result<> look(Step at)
    {
        if (step != at || --left != 0)
            return {};
        step = Step::nowhere;
        if (how == How::refuses)
            return Error::denied;
        bool const holds = how == How::loops;
        OVM_ASSERT(holds);
        while (true)
            ++rounds;
    }

    std::atomic<std::uint64_t> rounds{0};

private:
    Step step = Step::nowhere;
    How how = How::breaks;
    unsigned left = 1; ///< it fails the so manieth time
};

class Failing_scheduler final : public Sound_scheduler
{
public:
    explicit Failing_scheduler(Misbehaviour* plan) : Sound_scheduler(Ticks{1'000'000}), plan_(*plan) {}
    Choice choose(Ticks now) override
    {
        static_cast<void>(plan_.look(Misbehaviour::Step::decide));
        return Sound_scheduler::choose(now);
    }
    Result<> export_state(processor::Scheduler_state& state) override
    {
        OVM_TRY(plan_.look(Misbehaviour::Step::export_state));
        return Sound_scheduler::export_state(state);
    }
    Result<> import_state(processor::Scheduler_state& state) override
    {
        OVM_TRY(plan_.look(Misbehaviour::Step::import_state));
        return Sound_scheduler::import_state(state);
    }

private:
    Misbehaviour& plan_;
};

/// The shared families: `Sound` is the built-in policy.
template <typename Family, typename Sound>
class Failing : public Family::template Forwarder<object::Held_policy<Sound>>
{
public:
    using Forwarder = typename Family::template Forwarder<object::Held_policy<Sound>>;

    Result<> export_state(typename Family::State& state) override
    {
        OVM_TRY(plan_.look(Misbehaviour::Step::export_state));
        return Forwarder::export_state(state);
    }
    Result<> import_state(typename Family::State& state) override
    {
        OVM_TRY(plan_.look(Misbehaviour::Step::import_state));
        return Forwarder::import_state(state);
    }

protected:
    template <typename... Arguments>
    explicit Failing(Misbehaviour* plan, Arguments&&... arguments)
        : Forwarder(std::forward<Arguments>(arguments)...), plan_(*plan)
    {
    }
    ~Failing() = default;
    Result<> decide() const { return plan_.look(Misbehaviour::Step::decide); }

private:
    Misbehaviour& plan_;
};

class Failing_halt final : public Failing<processor::Halt, policy::At_once_halt>
{
public:
    explicit Failing_halt(Misbehaviour* plan) : Failing(plan) {}
    Result<Ticks> poll(processor::Vcpu_identity vcpu, processor::Halt_account& account, Ticks now) override
    {
        OVM_TRY(decide());
        return Forwarder::poll(vcpu, account, now);
    }
    Result<> woke(processor::Vcpu_identity vcpu, processor::Halt_account& account, Ticks slept, bool polled) override
    {
        OVM_TRY(decide());
        return Forwarder::woke(vcpu, account, slept, polled);
    }
};

class Failing_frames final : public Failing<memory::Frame_policy, policy::First_touch_frames>
{
public:
    Failing_frames(Misbehaviour* plan, memory::Frame_pool* pool) : Failing(plan, *pool) {}
    Result<memory::Frame_choice> choose(const memory::Frame_request& request, std::uint32_t place) override
    {
        OVM_TRY(decide());
        return Forwarder::choose(request, place);
    }
};

class Failing_population final : public Failing<memory::Population, policy::Lazy_population>
{
public:
    explicit Failing_population(Misbehaviour* plan) : Failing(plan) {}
    Result<memory::Neighbours> touched(Guest_physical page) override
    {
        OVM_TRY(decide());
        return Forwarder::touched(page);
    }
};

class Failing_placement final : public Failing<processor::Placement, policy::Static_placement>
{
public:
    Failing_placement(Misbehaviour* plan, std::uint32_t cores)
        : Failing(plan, cores, policy::Static_placement::Parameters{})
    {
    }
    Result<Core_id> place(processor::Vcpu_identity vcpu, std::optional<Node_id> near,
                          std::span<const processor::Core_load> loads) override
    {
        OVM_TRY(decide());
        return Forwarder::place(vcpu, near, loads);
    }
};

class Failing_collection final : public Failing<object::Collection_policy, policy::Paced_collection>
{
public:
    explicit Failing_collection(Misbehaviour* plan) : Failing(plan) {}
    object::Work owed(const object::Collection_report& report) const override
    {
        auto const decided = decide();
        return decided ? Forwarder::owed(report) : object::Work{};
    }
};

class Unfinished final : public object::Collected
{
public:
    static constexpr std::string_view type_name = "unfinished";
    OVM_TRACE_MAP

    explicit Unfinished(Misbehaviour* failing) { static_cast<void>(failing->look(Misbehaviour::Step::construct)); }
};

/// One whose construction fails by the same plan: a refusal before there is anything, a broken contract in the middle.
template <typename Family, typename T, typename... Arguments>
Test_factory<Family> failing_factory(std::string_view name, Misbehaviour* plan, Arguments... arguments)
{
    return {name, [plan, arguments...](object::Quota& quota) -> Result<object::Made_policy<Family>>
            {
                if (plan->constructor_refuses())
                    return Error::no_memory;
                static_cast<void>(OVM_TRY(object::allocate<Unfinished>(*arch::core_window().heap, quota, plan)));
                return object::make_policy<Family, T>(quota, plan, arguments...);
            }};
}

} // namespace ovm::test

#include "fault/failing_policies.generated.hpp"
