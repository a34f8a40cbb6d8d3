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

/// What the policy keeps of each vcpu, beside what the table does.
struct Template_class_entry : Vcpu_entry
{
    std::uint64_t waits_since = 0; ///< ticks: when it woke, or when its last turn ended
};

/// Who waits longest runs next, for a slice.
/// Invariant:   that of the table; a turn ends.
/// Concurrency: its own core only.
/// State:       ran and asleep_since of the accounts.
class Template_class final : public processor::Scheduler
{
public:
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
    static constexpr Ticks longest_slice{std::uint64_t{1} << 40};

    using Entry = Template_class_entry;
    using Table = Vcpu_table<Entry>;

    /// What every function may rely on, and leaves so: ovmc proves both.
    OVM_CLASS_INVARIANT bool invariant() const { return table_.holds() && slice_ <= longest_slice; }
    /// The place of who waits longest, except that one.
    std::uint32_t longest_waiting_but(std::uint32_t excluded) const;

    Table table_{};
    Ticks until_{}; ///< end of the current one's turn
    Ticks slice_;
};

} // namespace ovm::modules
