#pragma once

#include <array>
#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "object/module/module.hpp"
#include "processor/scheduler.hpp"

namespace ovm::modules
{

/// Who waits longest runs next, for a slice.
/// Invariant:   waiting_[0, count_) are the runnable ones but current_, each once, the longest-waiting first.
/// Concurrency: its own core only.
/// State:       ran and asleep_since of the accounts.
class Template_class final : public processor::Scheduler
{
public:
    static constexpr std::uint32_t most = 64; ///< vcpus on a core

    static constexpr std::array<object::Parameter, 1> parameters{{
        {"slice", object::Unit::nanoseconds, 10'000'000, 100'000, 500'000'000, "how long a turn is"},
    }};
    static constexpr object::Policy_description description{"template-name", "who waits longest runs next", parameters};

    /// Of several values that have to fit one another, too; each is within its range. Error::out_of_range.
    static Result<> check(object::Values values);
    /// Durations come as ticks, in the order of the parameters. Requires check().
    explicit Template_class(object::Values values) : slice_(values[0]) {}

    Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    static constexpr std::uint64_t longest_slice = std::uint64_t{1} << 40; ///< in ticks

    /// What every function may rely on, and leaves so: ovmc proves both.
    OVM_CLASS_INVARIANT bool invariant() const
    {
        return count_ <= most && count_ + (current_ != nullptr ? 1 : 0) <= most && residents_ <= most &&
               slice_.value() <= longest_slice && OVM_FOR_ALL(i, count_, waiting_[i] != nullptr);
    }
    void charge_current(Ticks now);
    void add(processor::Schedulable& vcpu);
    void take(std::uint32_t place);

    Ticks slice_;
    std::array<processor::Schedulable*, most> waiting_{};
    std::uint32_t count_ = 0;
    std::uint32_t residents_ = 0;
    processor::Schedulable* current_ = nullptr;
    Ticks since_{}; ///< current_ is not charged yet for what it ran from here
    Ticks until_{}; ///< end of current_'s turn
};

} // namespace ovm::modules
