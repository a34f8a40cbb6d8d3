#pragma once

#include <array>
#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "object/module/module.hpp"
#include "processor/scheduler.hpp"

namespace ovm::modules
{

/// Stride scheduling (Waldspurger and Weihl, 1995): what a vcpu ran, divided by its weight, is its pass; the runnable
/// one with the smallest pass runs for a slice. So each gets its share within a slice, and nothing is left to chance as
/// it is with lottery. Who sleeps gets no credit for it: it comes back no earlier than who runs now.
/// Invariant:   the first count_ entries are the vcpus that live here, each once; current_ is one of them, or `nobody`.
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

    /// Error::out_of_range: the clock is too fast for such a slice.
    static Result<> check(object::Values values);
    /// Requires check().
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
    /// Passes are counted from the smallest one, which rebase() makes 0: so nobody's is further ahead than this, and
    /// all sums stay far from 64 bits.
    static constexpr std::uint64_t furthest = std::uint64_t{1} << 48;
    static constexpr Ticks longest_slice{std::uint64_t{1} << 40};

    struct Entry
    {
        processor::Schedulable* vcpu = nullptr;
        std::uint64_t pass = 0; ///< ticks of a vcpu of the default weight
        bool runnable = false;
    };

    OVM_CLASS_INVARIANT bool invariant() const
    {
        return count_ <= most && (current_ == nobody || current_ < count_) && slice_ <= longest_slice &&
               OVM_FOR_ALL(i, count_, entries_[i].vcpu != nullptr && entries_[i].pass <= furthest);
    }
    std::uint32_t find(const processor::Schedulable& vcpu) const;
    std::uint32_t first_but(std::uint32_t excluded) const;
    std::uint32_t first() const { return first_but(nobody); }
    void charge_current(Ticks now);
    void rebase();

    std::array<Entry, most> entries_{};
    std::uint32_t count_ = 0;
    std::uint32_t current_ = nobody;
    Ticks current_since_{};
    Ticks slice_;
};

} // namespace ovm::modules
