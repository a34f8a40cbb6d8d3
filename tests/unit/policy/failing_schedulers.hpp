#pragma once

#include <atomic>

#include "base/contract.hpp"
#include "object/adaptor/policy_reference.hpp"
#include "policy/scheduler/round_robin_scheduler.hpp"
#include "processor/scheduler.hpp"

/// Schedulers that fail, each in one way; a round robin otherwise.
namespace ovm::test
{

class Sound_scheduler : public processor::Scheduler::Forwarder<object::Held_policy<policy::Round_robin_scheduler>>
{
protected:
    explicit Sound_scheduler(Ticks slice) : Forwarder(policy::Round_robin_scheduler::Parameters{.slice = slice}) {}
    ~Sound_scheduler() = default;
};

/// There is never one.
class Unmakable_scheduler final : public Sound_scheduler
{
public:
    static Result<> check(Ticks) { return Error::out_of_range; }
    static Result<Unmakable_scheduler*> create(Ticks) { return Error::no_memory; }

private:
    explicit Unmakable_scheduler(Ticks slice) : Sound_scheduler(slice) {}
};

class Export_fails final : public Sound_scheduler
{
public:
    explicit Export_fails(Ticks slice) : Sound_scheduler(slice) {}
    Result<> export_state(processor::Scheduler_state&) override { return Error::corrupt; }
};

class Import_refuses final : public Sound_scheduler
{
public:
    explicit Import_refuses(Ticks slice) : Sound_scheduler(slice) {}
    Result<> import_state(processor::Scheduler_state&) override { return Error::denied; }
};

/// Goes on naming the last one that blocked, or left.
class Names_the_blocked final : public Sound_scheduler
{
public:
    explicit Names_the_blocked(Ticks slice) : Sound_scheduler(slice) {}
    void block(processor::Schedulable& vcpu, Ticks now) override
    {
        blocked_ = &vcpu;
        Sound_scheduler::block(vcpu, now);
    }
    Choice choose(Ticks now) override
    {
        auto choice = Sound_scheduler::choose(now);
        if (blocked_ != nullptr)
            choice.next = blocked_;
        return choice;
    }

private:
    processor::Schedulable* blocked_ = nullptr;
};

class Names_nobody final : public Sound_scheduler
{
public:
    explicit Names_nobody(Ticks slice) : Sound_scheduler(slice) {}
    Choice choose(Ticks) override { return {}; }
};

/// Never ends anybody's turn.
class Never_returns_the_core final : public Sound_scheduler
{
public:
    explicit Never_returns_the_core(Ticks slice) : Sound_scheduler(slice) {}
    Choice choose(Ticks now) override { return {.next = Sound_scheduler::choose(now).next}; }
};

/// After so many good choices.
class Breaks_its_contract final : public Sound_scheduler
{
public:
    explicit Breaks_its_contract(Ticks slice, unsigned good_choices = 0)
        : Sound_scheduler(slice), good_choices_(good_choices)
    {
    }
    Choice choose(Ticks now) override
    {
        bool const has_choices_left = good_choices_ != 0;
        OVM_REQUIRES_THAT(has_choices_left);
        --good_choices_;
        return Sound_scheduler::choose(now);
    }

private:
    unsigned good_choices_;
};

/// In a choice, until somebody lets it go.
class Loops final : public Sound_scheduler
{
public:
    Loops(Ticks slice, const std::atomic<bool>& let_go) : Sound_scheduler(slice), let_go_(let_go) {}
    Choice choose(Ticks now) override
    {
        loops = true;
        while (!let_go_.load())
            ++rounds;
        return Sound_scheduler::choose(now);
    }
    std::atomic<bool> loops{false};
    std::atomic<std::uint64_t> rounds{0};

private:
    const std::atomic<bool>& let_go_;
};

} // namespace ovm::test
