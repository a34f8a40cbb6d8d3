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

/// Lottery scheduling (Waldspurger and Weihl, 1994): each turn is drawn by lot among those who wait, with a vcpu's
/// weight as its number of tickets. So shares follow weights by chance, without an account of who had what; nobody who
/// has a ticket waits for ever, with probability 1.
/// The lots come from a generator with a seed of the policy's own: the same events give the same choices.
/// Invariant:   that of the table; a turn ends.
/// Concurrency: its own core only.
/// State:       ran and asleep_since of the accounts; a turn is drawn anew, so slices and lag stay as they were.
class Lottery final : public processor::Scheduler
{
public:
    static constexpr std::array<object::Parameter, 2> parameters{{
        {"slice", object::Unit::nanoseconds, 10'000'000, 100'000, 500'000'000, "how long a turn is"},
        {"seed", object::Unit::number, 1, 1, 0x7fff'fffe, "where the lots begin"},
    }};
    static constexpr object::Policy_description description{"lottery", "each turn by lot, tickets by weight",
                                                            parameters};

    /// Error::out_of_range: the clock is too fast for such a slice.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Lottery(object::Values values) : slice_(values[0]), lot_(static_cast<std::uint32_t>(values[1])) {}

    Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    static constexpr Ticks longest_slice{std::uint64_t{1} << 40};

    using Table = Vcpu_table<>;

    OVM_CLASS_INVARIANT bool invariant() const { return table_.holds() && slice_ <= longest_slice; }
    std::uint32_t draw();
    OVM_CONTRACT std::uint32_t contract_of_draw()
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES(lot_);
        auto const place = OVM_RESULT(draw());
        OVM_ENSURES(place == Table::nobody ? table_.is_alone(Table::nobody) : table_.is_runnable(place));
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
    Ticks until_{}; ///< end of the current one's turn
    Ticks slice_;
    std::uint32_t lot_;
};

} // namespace ovm::modules
