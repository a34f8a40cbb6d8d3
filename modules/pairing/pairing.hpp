#pragma once

#include <array>
#include <cstdint>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "kit/vcpu_table.hpp"
#include "object/module/module.hpp"
#include "processor/scheduler.hpp"

namespace ovm::modules
{

/// Vcpus that talk run back to back: who sleeps before its turn is over leaves the rest of it to one that it woke
/// (as L4's donation of time slices does, Liedtke, 1993). Between turns, who waits longest is next. So a question and
/// its answer cost no turn of the others that share the core; a pair gets no more than one turn for that, and nobody
/// starves.
/// Invariant:   that of the table; a turn ends.
/// Concurrency: its own core only.
/// State:       ran and asleep_since of the accounts. Who talks to whom is learned anew.
class Pairing final : public processor::Scheduler
{
public:
    static constexpr std::array<object::Parameter, 1> parameters{
        {{"slice", object::Unit::nanoseconds, 10'000'000, 100'000, 500'000'000, "how long a turn is"}}};
    static constexpr object::Policy_description description{"pairing", "vcpus that talk run back to back", parameters};

    /// Error::out_of_range: the clock is too fast for such a slice.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Pairing(object::Values values) : slice_(values[0]) {}

    Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    static constexpr Ticks longest_slice{std::uint64_t{1} << 40};

    struct Entry : Vcpu_entry
    {
        std::uint64_t waits_since = 0;                 ///< ticks
        const processor::Schedulable* waker = nullptr; ///< who ran when it woke last; only compared, never followed
    };
    using Table = Vcpu_table<Entry>;

    OVM_CLASS_INVARIANT bool invariant() const { return table_.holds() && slice_ <= longest_slice; }
    static void begin(Entry& entry);
    std::uint32_t woken_by(const processor::Schedulable* vcpu) const;
    std::uint32_t longest_waiting() const;
    OVM_CONTRACT std::uint32_t contract_of_longest_waiting() const
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES();
        auto const place = OVM_RESULT(longest_waiting());
        OVM_ENSURES(place == Table::nobody ? table_.is_alone(place) : table_.is_runnable(place));
        OVM_ENSURES(
            place == Table::nobody ||
            OVM_FOR_ALL(i, table_.count(), !table_[i].runnable || table_[i].waits_since >= table_[place].waits_since));
        return place;
    }
    bool others_wait() const { return table_.others_wait(); }
    OVM_CONTRACT bool contract_of_others_wait() const
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES();
        auto const wait = OVM_RESULT(others_wait());
        OVM_ENSURES(wait != table_.is_alone(table_.current()));
        return wait;
    }

    Table table_{};
    const processor::Schedulable* last_ = nullptr; ///< who ran last; only compared
    Ticks until_{};                                ///< end of the turn
    Ticks slice_;
};

} // namespace ovm::modules
