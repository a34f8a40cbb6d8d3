#pragma once

#include <string_view>

#include "base/contract.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "processor/scheduler.hpp"

namespace ovm::policy
{

/// One vcpu owns the core: it runs whenever it wants, and no tick ever interrupts it. Nobody else may live here.
/// Invariant:   current_ is owner_ while that is runnable, or none.
/// Concurrency: its own core only.
/// State:       asleep_since and ran of the account.
class Dedicated_scheduler final : public processor::Scheduler
{
public:
    static constexpr std::string_view name = "dedicated";
    struct Parameters
    {
    };
    static Result<> check(const Parameters&) { return {}; }

    Dedicated_scheduler() = default;
    explicit Dedicated_scheduler(const Parameters&) {}

    /// Error::denied: the core has an owner.
    OVM_VERIFIED Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void leave(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void wake(processor::Schedulable& vcpu, Ticks now) override;
    OVM_VERIFIED void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    /// Error::denied: more than one lives here.
    OVM_VERIFIED Result<> import_state(processor::Scheduler_state& state) override;

private:
    void charge_current(Ticks now);

    processor::Schedulable* owner_ = nullptr;
    processor::Schedulable* current_ = nullptr;
    bool running_ = false; ///< a choice has named it since it woke
    Ticks current_since_{};
};

} // namespace ovm::policy
