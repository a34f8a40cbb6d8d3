#pragma once

#include <array>
#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "object/module/module.hpp"
#include "processor/scheduler.hpp"

namespace ovm::modules
{

/// Lottery scheduling (Waldspurger and Weihl, 1994): each turn is drawn by lot among those who wait, with a vcpu's
/// weight as its number of tickets. So shares follow weights by chance, without an account of who had what; nobody who
/// has a ticket waits for ever, with probability 1.
/// The lots come from a generator with a seed of the policy's own: the same events give the same choices.
/// Invariant:   the first count_ entries are the vcpus that live here, each once; current_ is one of them, or `nobody`.
/// Concurrency: its own core only.
/// State:       ran and asleep_since of the accounts; a turn is drawn anew, so slices and lag stay as they were.
class Lottery final : public processor::Scheduler
{
public:
    static constexpr std::uint32_t most = 64; ///< vcpus on a core

    static constexpr std::array<object::Parameter, 2> parameters{{
        {"slice", object::Unit::nanoseconds, 10'000'000, 100'000, 500'000'000, "how long a turn is"},
        {"seed", object::Unit::number, 1, 1, 0x7fff'fffe, "where the lots begin"},
    }};
    static constexpr object::Policy_description description{"lottery", "each turn by lot, tickets by weight",
                                                            parameters};

    /// Error::out_of_range: the clock is too fast for such a slice.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Lottery(object::Values values) : slice_(values[0]), lot_(values[1]) {}

    Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    static constexpr std::uint32_t nobody = most;
    static constexpr Ticks longest_slice{std::uint64_t{1} << 40};
    /// Park and Miller's generator (1988) goes through all numbers from 1 to below this one.
    static constexpr std::uint64_t lots = 0x7fff'ffff;

    struct Entry
    {
        processor::Schedulable* vcpu = nullptr;
        bool runnable = false;
    };

    OVM_CLASS_INVARIANT bool invariant() const
    {
        return count_ <= most && (current_ == nobody || current_ < count_) && slice_ <= longest_slice && lot_ < lots &&
               OVM_FOR_ALL(i, count_, entries_[i].vcpu != nullptr);
    }
    static std::uint64_t tickets(const Entry& entry);
    std::uint32_t find(const processor::Schedulable& vcpu) const;
    bool others_wait() const;
    void charge_current(Ticks now);
    std::uint32_t draw();

    std::array<Entry, most> entries_{};
    std::uint32_t count_ = 0;
    std::uint32_t current_ = nobody;
    Ticks current_since_{};
    Ticks until_{}; ///< end of current_'s turn
    Ticks slice_;
    std::uint64_t lot_;
};

} // namespace ovm::modules
