#pragma once

#include <array>
#include <cstdint>

#include "arch/processor.hpp"
#include "base/contract.hpp"
#include "object/adaptor/policy_reference.hpp"
#include "policy/frames/frame_recipes.hpp"
#include "policy/halt/halt_recipes.hpp"
#include "policy/placement/placement_recipes.hpp"
#include "policy/scheduler/scheduler_recipes.hpp"

/// Policies that fail, for tests of what becomes of that: known only when the command line says `provoke=policies`.
/// Each is its family's built-in one until it fails.
namespace ovm::boot
{

/// When and how one fails. Concurrency: its policy's.
class Provocation_plan
{
public:
    enum class How : std::uint8_t
    {
        contract,
        check, ///< an index out of bounds: the processor traps
        loop,
        refuse, ///< its first use: it takes over nothing
    };
    struct Parameters
    {
        How how = How::contract;
        std::uint64_t after = 0;         ///< so many good decisions
        std::uint64_t core = every_core; ///< where it fails
    };
    static constexpr std::uint64_t every_core = arch::max_cores;
    static constexpr std::array<object::Parameter, 3> list{
        {{"how", object::Unit::number, 0, 0, 3, "0 breaks its contract, 1 fails a check, 2 loops, 3 refuses"},
         {"after", object::Unit::number, 0, 0, 1'000'000, "good decisions before that"},
         {"core", object::Unit::number, every_core, 0, every_core, "where; 64: on every core"}}};

    explicit Provocation_plan(const Parameters& parameters) : parameters_(parameters) {}

    Result<> take_over() const
    {
        if (parameters_.how == How::refuse)
            return Error::denied;
        return {};
    }
    void decide()
    {
        if (parameters_.core != every_core && parameters_.core != arch::this_core().value())
            return;
        if (decisions_.fetch_add(1, std::memory_order_relaxed) < parameters_.after)
            return;
        bool const keeps_its_contract = parameters_.how != How::contract;
        OVM_ASSERT(keeps_its_contract);
        std::array<std::uint8_t, 2> bytes{};
        auto const beyond = bytes.size() + decisions_.load(std::memory_order_relaxed);
        while (parameters_.how == How::loop)
            arch::pause();
        ++bytes[beyond];
    }

private:
    Parameters parameters_;
    std::atomic<std::uint64_t> decisions_{0};
};

template <typename T>
struct Provoked_recipe
{
    using Policy = T;
    static constexpr object::Policy_description description{"fails", "on purpose", Provocation_plan::list};
    static Provocation_plan::Parameters parameters(const object::Parameters& given)
    {
        return {
            .how = static_cast<Provocation_plan::How>(given["how"]), .after = given["after"], .core = given["core"]};
    }
};

class Provoked_scheduler final
    : public processor::Scheduler::Forwarder<object::Held_policy<policy::Round_robin_scheduler>>
{
public:
    using Parameters = Provocation_plan::Parameters;
    static Result<> check(const Parameters&) { return {}; }
    explicit Provoked_scheduler(const Parameters& parameters)
        : Forwarder(policy::Round_robin_scheduler::Parameters{
              .slice = arch::to_ticks(policy::Round_robin_scheduler::default_slice)}),
          plan_(parameters)
    {
    }

    Choice choose(Ticks now) override
    {
        plan_.decide();
        return Forwarder::choose(now);
    }
    Result<> import_state(processor::Scheduler_state& state) override
    {
        OVM_TRY(plan_.take_over());
        return Forwarder::import_state(state);
    }

private:
    Provocation_plan plan_;
};

class Provoked_frames final : public memory::Frame_policy::Forwarder<object::Held_policy<policy::First_touch_frames>>
{
public:
    using Parameters = Provocation_plan::Parameters;
    static Result<> check(const Parameters&) { return {}; }
    Provoked_frames(const memory::Frame_pool& pool, const Parameters& parameters) : Forwarder(pool), plan_(parameters)
    {
    }

    Result<memory::Frame_choice> choose(const memory::Frame_request& request, std::uint32_t place) override
    {
        plan_.decide();
        return Forwarder::choose(request, place);
    }
    Result<> import_state(memory::Frame_state& state) override
    {
        OVM_TRY(plan_.take_over());
        return Forwarder::import_state(state);
    }

private:
    Provocation_plan plan_;
};

class Provoked_halt final : public processor::Halt::Forwarder<object::Held_policy<policy::At_once_halt>>
{
public:
    using Parameters = Provocation_plan::Parameters;
    static Result<> check(const Parameters&) { return {}; }
    explicit Provoked_halt(const Parameters& parameters) : plan_(parameters) {}

    Result<Ticks> poll(processor::Vcpu_identity vcpu, processor::Halt_account& account, Ticks now) override
    {
        plan_.decide();
        return Forwarder::poll(vcpu, account, now);
    }
    Result<> import_state(processor::Halt_state& state) override
    {
        OVM_TRY(plan_.take_over());
        return Forwarder::import_state(state);
    }

private:
    Provocation_plan plan_;
};

} // namespace ovm::boot
