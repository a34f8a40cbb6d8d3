#include "lottery.hpp"

#include <algorithm>

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;
using processor::Scheduling_parameters;

namespace
{

std::uint64_t tickets(const Vcpu_entry& entry)
{
    if (!entry.runnable)
        return 0;
    return std::clamp(entry.vcpu->parameters().weight, 1u, Scheduling_parameters::weight_max);
}

/// Marsaglia's xorshift (2003): goes through all numbers of 32 bits but 0.
std::uint32_t after(std::uint64_t lot)
{
    constexpr std::uint64_t kept = 0xffff'ffff;
    lot ^= lot << 13 & kept;
    lot ^= lot >> 17;
    lot ^= lot << 5 & kept;
    return static_cast<std::uint32_t>(lot & kept);
}

} // namespace

Result<> Lottery::check(object::Values values)
{
    if (Ticks(values[0]) > longest_slice)
        return Error::out_of_range;
    return {};
}

/// The winner's place; nobody, if nobody is runnable. The walk ends at the latest with the last one who has a ticket.
std::uint32_t Lottery::draw()
{
    std::uint64_t all = 0;
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(all <= std::uint64_t{i} * Scheduling_parameters::weight_max);
        OVM_LOOP_INVARIANT(all != 0 || OVM_FOR_ALL(at, i, !table_[at].runnable));
        all += tickets(table_[i]);
    }
    if (all == 0)
        return Table::nobody;
    lot_ = after(lot_);
    auto left = std::uint64_t{lot_} * static_cast<std::uint32_t>(all) >> 32;
    auto winner = Table::nobody;
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(winner == Table::nobody ? OVM_FOR_ALL(at, i, !table_[at].runnable)
                                                   : table_.is_runnable(winner));
        auto const own = tickets(table_[i]);
        if (own == 0)
            continue;
        winner = i;
        if (left < own)
            break;
        left -= own;
    }
    return winner;
}

Result<> Lottery::admit(Schedulable& vcpu, Ticks)
{
    return table_.admit(vcpu);
}

void Lottery::leave(Schedulable& vcpu, Ticks)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    [[maybe_unused]] auto const before = table_.count();
    table_.leave(at);
    OVM_PROMISES(table_.count() == before - 1);
}

void Lottery::wake(Schedulable& vcpu, Ticks)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    table_.wake(at);
    OVM_PROMISES(table_.is_runnable(at));
}

void Lottery::block(Schedulable& vcpu, Ticks now)
{
    table_.charge(now);
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_runnable(at));
    table_.block(at, now);
    OVM_PROMISES(table_.is_asleep(at));
}

processor::Scheduler::Choice Lottery::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    table_.charge(now);
    auto next = table_.current();
    if (next == Table::nobody || now >= until_)
    {
        next = draw();
        until_ = now + slice_;
    }
    table_.run(next, now);
    Choice choice{};
    if (next != Table::nobody)
    {
        choice.next = table_[next].vcpu;
        if (others_wait())
            choice.until = Ticks(until_.value());
    }
    OVM_PROMISES(table_.is_current(choice.next));
    OVM_PROMISES(choice.next != nullptr ? choice.until.has_value() != table_.is_alone(table_.current())
                                        : table_.is_alone(Table::nobody));
    return choice;
}

/// Nothing is lost: who is next was never settled.
Result<> Lottery::export_state(Scheduler_state& state)
{
    table_.charge(state.now);
    return {};
}

Result<> Lottery::import_state(Scheduler_state& state)
{
    until_ = state.now;
    return table_.take_over(state, [](Vcpu_entry&) {});
}

} // namespace ovm::modules
