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

/// Earliest deadline first with slack stealing (Lehoczky and Ramos-Thuel, 1992). A vcpu with a reservation gets its
/// budget in each period, before the period ends; but not sooner than it must, if another vcpu without a reservation
/// wants to run: that one gets the slack, the time by which all budgets can wait together.
/// Slack is counted with care: the time until the first deadline, less all that is left of all budgets. So whatever is
/// reserved is served when that deadline comes, and no period knows of what was lent in the one before.
/// Invariant:   that of the table; budgets and periods are short, deadlines are not beyond the end of time.
/// Concurrency: its own core only.
/// State:       budget_left, deadline, kept_at, ran and asleep_since of the accounts.
class Edf final : public processor::Scheduler
{
public:
    static constexpr std::array<object::Parameter, 2> parameters{{
        {"slice", object::Unit::nanoseconds, 10'000'000, 100'000, 500'000'000, "a turn without a reservation"},
        {"bound", object::Unit::number, 950, 1, 990, "permille of the core that may be reserved"},
    }};
    static constexpr object::Policy_description description{"edf", "reservations by deadline, their slack to others",
                                                            parameters};

    /// Error::out_of_range: the clock is too fast for such a slice.
    static Result<> check(object::Values values);
    /// Requires check().
    explicit Edf(object::Values values) : slice_(values[0]), bound_(values[1]) {}

    Result<> admit(processor::Schedulable& vcpu, Ticks now) override;
    void leave(processor::Schedulable& vcpu, Ticks now) override;
    void wake(processor::Schedulable& vcpu, Ticks now) override;
    void block(processor::Schedulable& vcpu, Ticks now) override;
    Choice choose(Ticks now) override;
    Result<> export_state(processor::Scheduler_state& state) override;
    Result<> import_state(processor::Scheduler_state& state) override;

private:
    static constexpr Ticks longest_slice{std::uint64_t{1} << 40};
    static constexpr std::uint64_t shortest_period = 10'000;
    static constexpr std::uint64_t longest_period = (std::uint64_t{1} << 36) - 1;
    static constexpr std::uint64_t last_deadline = std::uint64_t{1} << 63;
    static constexpr std::uint32_t whole = 1000;

    struct Entry : Vcpu_entry
    {
        std::uint64_t period = 0; ///< 0: no reservation
        std::uint64_t budget = 0; ///< in each period
        std::uint64_t left = 0;   ///< of it, until the deadline; of a turn, without a reservation
        std::uint64_t deadline = 0;
        std::uint64_t waits_since = 0; ///< for a turn
        std::uint32_t share = 0;       ///< permille of the core, rounded up

        constexpr bool holds() const
        {
            return period <= longest_period && budget <= longest_period && left <= longest_slice.value() &&
                   deadline <= last_deadline && share <= whole;
        }
    };
    using Table = Vcpu_table<Entry>;

    OVM_CLASS_INVARIANT bool invariant() const { return table_.holds() && slice_ <= longest_slice; }
    /// Whether its reservation, if it has one, can be counted with; begin() requires it.
    static bool makes_sense(const processor::Scheduling_parameters& wanted);
    void begin(Entry& entry, const processor::Scheduling_parameters& wanted) const;
    /// Permille of the core, rounded up.
    static std::uint32_t share_of(std::uint64_t budget, std::uint64_t period);
    OVM_CONTRACT static std::uint32_t contract_of_share_of(std::uint64_t budget, std::uint64_t period)
    {
        OVM_REQUIRES_THAT(budget <= longest_period && period <= longest_period);
        OVM_MODIFIES();
        auto const share = OVM_RESULT(share_of(budget, period));
        OVM_ENSURES(share <= whole && (share == 0) == (budget == 0));
        return share;
    }
    std::uint32_t reserved() const;
    OVM_CONTRACT std::uint32_t contract_of_reserved() const
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES();
        return OVM_RESULT(reserved());
    }
    static void begin_period(Entry& entry, std::uint64_t begin);
    /// Whether what is left of a budget, in that time, is no more than its share.
    static bool is_within_share(std::uint64_t left, std::uint64_t time, std::uint64_t budget, std::uint64_t period);
    OVM_CONTRACT static bool contract_of_is_within_share(std::uint64_t left, std::uint64_t time, std::uint64_t budget,
                                                         std::uint64_t period)
    {
        OVM_REQUIRES_THAT(left <= longest_slice.value() && time <= longest_period && budget <= longest_period &&
                          period <= longest_period);
        OVM_MODIFIES();
        return OVM_RESULT(is_within_share(left, time, budget, period));
    }
    static void arrive(Entry& entry, std::uint64_t now);
    void charge_current(Ticks now);
    void renew(std::uint64_t now);
    OVM_CONTRACT void contract_of_renew(std::uint64_t now)
    {
        OVM_REQUIRES_THAT(table_.holds() && Ticks(now) < end_of_time);
        OVM_MODIFIES(table_);
        renew(now);
        OVM_ENSURES(table_.holds());
    }
    std::uint64_t slack(std::uint64_t now) const;
    OVM_CONTRACT std::uint64_t contract_of_slack(std::uint64_t now) const
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES();
        return OVM_RESULT(slack(now));
    }
    static std::uint32_t rank(const Entry& entry, bool lends);
    std::uint32_t best(bool lends) const;
    OVM_CONTRACT std::uint32_t contract_of_best(bool lends) const
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES();
        auto const place = OVM_RESULT(best(lends));
        OVM_ENSURES(place == Table::nobody || table_.is_runnable(place));
        return place;
    }
    bool others_wait() const { return table_.others_wait(); }
    OVM_CONTRACT bool contract_of_others_wait() const
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES();
        return OVM_RESULT(others_wait());
    }
    std::uint64_t time_for(std::uint32_t place, std::uint64_t now, std::uint64_t lent) const;
    OVM_CONTRACT std::uint64_t contract_of_time_for(std::uint32_t place, std::uint64_t now, std::uint64_t lent) const
    {
        OVM_REQUIRES_THAT(table_.holds() && place < table_.count());
        OVM_MODIFIES();
        auto const time = OVM_RESULT(time_for(place, now, lent));
        OVM_ENSURES(time > 0 && time <= longest_slice.value());
        return time;
    }
    /// For proofs, each of one vcpu: whether its period, if it has one, ends later than now;
    bool has_time(std::size_t at, std::uint64_t now) const
    {
        return table_[at].period == 0 || table_[at].deadline > now;
    }
    /// whether that time is over before its period is, or a new one would be;
    bool is_within_period(std::size_t at, std::uint64_t now, std::uint64_t time) const
    {
        auto const& entry = table_[at];
        return entry.period == 0 || time <= (entry.deadline > now ? entry.deadline - now : entry.period);
    }
    /// whether somebody who runs for that time stops before its period has ended.
    bool ends_in_period(std::size_t at, std::uint64_t now, std::uint64_t time) const
    {
        auto const& entry = table_[at];
        return !entry.runnable || entry.period == 0 || entry.deadline <= now || time <= entry.deadline - now;
    }
    /// Whether there was a place for it.
    bool take(processor::Schedulable& vcpu, const processor::Scheduler_state& state);
    OVM_CONTRACT bool contract_of_take(processor::Schedulable& vcpu, const processor::Scheduler_state& state)
    {
        OVM_REQUIRES_THAT(invariant() && state.now < end_of_time && makes_sense(vcpu.parameters()));
        OVM_MODIFIES(*this);
        auto const taken = OVM_RESULT(take(vcpu, state));
        OVM_ENSURES(invariant());
        return taken;
    }

    Table table_{};
    Ticks slice_;
    std::uint64_t bound_;
};

} // namespace ovm::modules
