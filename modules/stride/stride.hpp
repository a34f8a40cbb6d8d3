#pragma once

#include <array>
#include <cstdint>

#include "base/strong.hpp"
#include "object/module/module.hpp"
#include "processor/scheduler.hpp"

namespace ovm::modules
{

/// Stride scheduling (Waldspurger and Weihl, 1995): what a vcpu ran, divided by its weight, is its pass; the runnable
/// one with the smallest pass runs for a slice. So each gets its share within a slice, and nothing is left to chance as
/// it is with lottery. Who sleeps gets no credit for it: it comes back no earlier than who runs now.
/// Invariant:   the first count_ entries are the vcpus that live here, each once, of which
///              runnable_ are so; current_ is one of these, or `nobody`.
/// Concurrency: its own core only.
/// State:       lag and ran of the accounts.
class Stride final : public processor::Scheduler
{
public:
    static constexpr std::array<object::Parameter, 1> parameters{
        {{"slice", object::Unit::nanoseconds, 4'000'000, 100'000, 500'000'000, "how long a turn is"}}};
    static constexpr object::Policy_description description{"stride", "shares by weight, by strides", parameters};
    /// More vcpus than these are refused.
    static constexpr std::uint32_t most = 64;

    explicit Stride(object::Values values) : slice_(values[0]) {}

    Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    static constexpr std::uint32_t nobody = most;

    struct Entry
    {
        processor::Schedulable* vcpu = nullptr;
        std::uint64_t pass = 0; ///< ticks of a vcpu of the default weight
        bool runnable = false;
    };

    std::uint32_t find(const processor::Schedulable& vcpu) const;
    std::uint32_t first() const;
    void charge_current(Ticks now);
    void rebase();

    std::array<Entry, most> entries_{};
    std::uint32_t count_ = 0;
    std::uint32_t runnable_ = 0;
    std::uint32_t current_ = nobody;
    Ticks current_since_{};
    Ticks slice_;
};

} // namespace ovm::modules
