#include "stride.hpp"

#include <algorithm>

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;
using processor::Scheduling_parameters;

namespace
{

/// A turn counts no longer than this, nor does a debt: so it times a stride fits.
constexpr std::uint64_t longest_turn = 0xffff'ffff;
constexpr unsigned stride_bits = 16;
constexpr unsigned share_bits = 10;

std::uint32_t weight(const Schedulable& vcpu)
{
    return std::clamp(vcpu.parameters().weight, 1u, Scheduling_parameters::weight_max);
}

/// How far a tick moves its pass, in 65536ths.
std::uint32_t stride_of(const Schedulable& vcpu)
{
    return (Scheduling_parameters::default_weight << stride_bits) / weight(vcpu);
}

OVM_CONTRACT std::uint32_t contract_of_stride_of(const Schedulable& vcpu)
{
    OVM_MODIFIES();
    return OVM_RESULT(stride_of(vcpu));
}

/// The ticks that a tick of its pass stands for, in 1024ths.
std::uint32_t share_of(const Schedulable& vcpu)
{
    return (weight(vcpu) << share_bits) / Scheduling_parameters::default_weight;
}

OVM_CONTRACT std::uint32_t contract_of_share_of(const Schedulable& vcpu)
{
    OVM_MODIFIES();
    return OVM_RESULT(share_of(vcpu));
}

/// How far the pass moves in that time.
std::uint64_t advance(std::uint32_t stride, std::uint64_t ran)
{
    auto const counted = static_cast<std::uint32_t>(std::min(ran, longest_turn));
    return std::uint64_t{counted} * stride >> stride_bits;
}

OVM_CONTRACT std::uint64_t contract_of_advance(std::uint32_t stride, std::uint64_t ran)
{
    OVM_MODIFIES();
    auto const moved = OVM_RESULT(advance(stride, ran));
    OVM_ENSURES(moved < std::uint64_t{1} << 48);
    return moved;
}

/// The service that a pass of so much less, or more, stands for.
std::uint64_t service(std::uint32_t share, std::uint64_t difference)
{
    auto const counted = static_cast<std::uint32_t>(std::min(difference, longest_turn));
    return std::uint64_t{counted} * share >> share_bits;
}

OVM_CONTRACT std::uint64_t contract_of_service(std::uint32_t share, std::uint64_t difference)
{
    OVM_MODIFIES();
    auto const ticks = OVM_RESULT(service(share, difference));
    OVM_ENSURES(ticks < std::uint64_t{1} << 54);
    return ticks;
}

std::uint64_t size_of(std::int64_t lag)
{
    return static_cast<std::uint64_t>(lag < 0 ? -std::max(lag, -static_cast<std::int64_t>(longest_turn)) : lag);
}

} // namespace

Result<> Stride::check(object::Values values)
{
    if (Ticks(values[0]) > longest_slice)
        return Error::out_of_range;
    return {};
}

/// Weights do not change while a scheduler knows the vcpu.
void Stride::begin(Entry& entry)
{
    entry.pass = 0;
    entry.stride = stride_of(*entry.vcpu);
    entry.share = share_of(*entry.vcpu);
}

/// The runnable one with the smallest pass, but that one.
std::uint32_t Stride::first_but(std::uint32_t excluded) const
{
    return table_.first_but(excluded, [](const Entry& a, const Entry& b) { return a.pass < b.pass; });
}

void Stride::charge_current(Ticks now)
{
    auto const ran = table_.charge(now);
    if (table_.current() == Table::nobody)
        return;
    auto& entry = table_[table_.current()];
    entry.pass = std::min(entry.pass + advance(entry.stride, ran.value()), furthest);
}

/// The smallest pass becomes 0.
void Stride::rebase(std::uint64_t least)
{
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(table_.holds());
        table_[i].pass -= std::min(table_[i].pass, least);
    }
}

Result<> Stride::admit(Schedulable& vcpu, Ticks)
{
    auto const at = table_.add(vcpu);
    if (at == Table::nobody)
        return Error::denied;
    begin(table_[at]);
    return {};
}

void Stride::leave(Schedulable& vcpu, Ticks)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    [[maybe_unused]] auto const before = table_.count();
    table_.leave(at);
    OVM_PROMISES(table_.count() == before - 1);
}

void Stride::wake(Schedulable& vcpu, Ticks now)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    charge_current(now);
    auto const least = first();
    if (least != Table::nobody)
        table_[at].pass = std::max(table_[at].pass, table_[least].pass);
    OVM_PROMISES(least == Table::nobody || table_[at].pass >= table_[least].pass);
    table_.wake(at);
    OVM_PROMISES(table_.is_runnable(at));
}

void Stride::block(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_runnable(at));
    table_.block(at, now);
    OVM_PROMISES(table_.is_asleep(at));
}

processor::Scheduler::Choice Stride::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    charge_current(now);
    auto const next = first();
    table_.run(next, now);
    Choice choice{};
    if (next != Table::nobody)
    {
        if (table_[next].pass > far)
            rebase(table_[next].pass);
        choice.next = table_[next].vcpu;
        if (others_wait())
            choice.until = now + slice_;
    }
    OVM_PROMISES(table_.is_current(choice.next));
    OVM_PROMISES(choice.next != nullptr ? choice.until.has_value() != table_.is_alone(table_.current())
                                        : table_.is_alone(Table::nobody));
    return choice;
}

/// The mean of the passes of all who compete: lag that is measured from it sums up to about nothing. In units of 64
/// ticks, each pass with at most 2^31 ticks more than the least one, the sum has 32 bits.
std::uint64_t Stride::mean(std::uint32_t place) const
{
    constexpr unsigned unit = 6;
    constexpr std::uint32_t most = (1u << 25) - 1;
    auto const least = table_[place].pass;
    std::uint32_t sum = 0;
    std::uint32_t runnable = 0;
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(sum <= i * most && runnable <= i);
        if (!table_[i].runnable)
            continue;
        auto const more = table_[i].pass - std::min(table_[i].pass, least);
        sum += static_cast<std::uint32_t>(std::min<std::uint64_t>(more >> unit, most));
        ++runnable;
    }
    return least + (std::uint64_t{sum / std::max(runnable, 1u)} << unit);
}

Result<> Stride::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    auto const next = first();
    if (next == Table::nobody)
        return {};
    state.next = table_[next].vcpu;
    auto const even = mean(next);
    [[maybe_unused]] auto const lost = state.lost;
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(invariant() && state.lost == lost);
        auto const& entry = table_[i];
        auto const is_owed = even >= entry.pass;
        auto const size =
            static_cast<std::int64_t>(service(entry.share, is_owed ? even - entry.pass : entry.pass - even));
        entry.vcpu->account().lag = is_owed ? size : -size;
    }
    return {};
}

/// Who is owed nothing begins at the same pass; who is owed something, before it.
std::uint64_t Stride::pass_of(std::uint32_t stride, std::int64_t lag)
{
    auto const moved = advance(stride, size_of(lag));
    constexpr auto even = longest_turn;
    return lag < 0 ? std::min(even + moved, furthest) : even - std::min(even, moved);
}

Result<> Stride::import_state(Scheduler_state& state)
{
    return table_.take_over(state,
                            [](Entry& entry)
                            {
                                begin(entry);
                                entry.pass = pass_of(entry.stride, entry.vcpu->account().lag);
                            });
}

} // namespace ovm::modules
