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

/// Stride scheduling (Waldspurger and Weihl, 1995): what a vcpu ran, divided by its weight, is its pass; the runnable
/// one with the smallest pass runs for a slice. So each gets its share within a slice, and nothing is left to chance as
/// it is with lottery. Who sleeps gets no credit for it: it comes back no earlier than who runs now.
/// Invariant:   that of the table; no pass is beyond `furthest`.
/// Concurrency: its own core only.
/// State:       lag and ran of the accounts.
class Stride final : public processor::Scheduler
{
public:
    static constexpr std::array<object::Parameter, 1> parameters{
        {{"slice", object::Unit::nanoseconds, 4'000'000, 100'000, 500'000'000, "how long a turn is"}}};
    static constexpr object::Policy_description description{"stride", "shares by weight, by strides", parameters};

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
    /// Passes are counted from the smallest one again when that is far: so nobody's is beyond `furthest`.
    static constexpr std::uint64_t far = std::uint64_t{1} << 40;
    static constexpr std::uint64_t furthest = std::uint64_t{1} << 48;
    static constexpr Ticks longest_slice{std::uint64_t{1} << 40};

    struct Entry : Vcpu_entry
    {
        std::uint64_t pass = 0;   ///< ticks of a vcpu of the default weight
        std::uint32_t stride = 0; ///< how far a tick moves it, in 65536ths
        std::uint32_t share = 0;  ///< ticks that a tick of pass stands for, in 1024ths

        constexpr bool holds() const { return pass <= furthest; }
    };
    using Table = Vcpu_table<Entry>;

    OVM_CLASS_INVARIANT bool invariant() const { return table_.holds() && slice_ <= longest_slice; }
    static void begin(Entry& entry);
    static std::uint64_t pass_of(std::uint32_t stride, std::int64_t lag);
    OVM_CONTRACT static std::uint64_t contract_of_pass_of(std::uint32_t stride, std::int64_t lag)
    {
        OVM_MODIFIES();
        auto const pass = OVM_RESULT(pass_of(stride, lag));
        OVM_ENSURES(pass <= furthest);
        return pass;
    }
    std::uint32_t first_but(std::uint32_t excluded) const;
    std::uint32_t first() const { return first_but(Table::nobody); }
    OVM_CONTRACT std::uint32_t contract_of_first() const
    {
        OVM_REQUIRES_THAT(table_.holds());
        OVM_MODIFIES();
        auto const place = OVM_RESULT(first());
        OVM_ENSURES(place == Table::nobody ? table_.is_alone(place) : table_.is_runnable(place));
        OVM_ENSURES(place == Table::nobody ||
                    OVM_FOR_ALL(i, table_.count(), !table_[i].runnable || table_[i].pass >= table_[place].pass));
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
    void charge_current(Ticks now);
    std::uint64_t mean(std::uint32_t place) const;
    OVM_CONTRACT std::uint64_t contract_of_mean(std::uint32_t place) const
    {
        OVM_REQUIRES_THAT(table_.holds() && place < table_.count());
        OVM_MODIFIES();
        auto const mean_pass = OVM_RESULT(mean(place));
        OVM_ENSURES(mean_pass <= 2 * furthest);
        return mean_pass;
    }
    void rebase(std::uint64_t least);

    Table table_{};
    Ticks slice_;
};

} // namespace ovm::modules
