#include "pairing.hpp"

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;

Result<> Pairing::check(object::Values values)
{
    if (Ticks(values[0]) > longest_slice)
        return Error::out_of_range;
    return {};
}

/// One that can run, and that this one woke.
std::uint32_t Pairing::woken_by(const Schedulable* vcpu) const
{
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        if (table_[i].runnable && table_[i].waker == vcpu)
        {
            OVM_PROMISES(table_.is_runnable(i) && table_[i].waker == vcpu);
            return i;
        }
    }
    return Table::nobody;
}

std::uint32_t Pairing::longest_waiting() const
{
    return table_.first_but(Table::nobody,
                            [](const Entry& a, const Entry& b) { return a.waits_since < b.waits_since; });
}

/// Nobody woke it yet, and it waits since before anybody who wakes later.
void Pairing::begin(Entry& entry)
{
    entry.waits_since = 0;
    entry.waker = nullptr;
}

Result<> Pairing::admit(Schedulable& vcpu, Ticks)
{
    auto const at = table_.add(vcpu);
    if (at == Table::nobody)
        return Error::denied;
    begin(table_[at]);
    return {};
}

void Pairing::leave(Schedulable& vcpu, Ticks)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    if (last_ == &vcpu)
        last_ = nullptr;
    [[maybe_unused]] auto const before = table_.count();
    table_.leave(at);
    OVM_PROMISES(table_.count() == before - 1 && last_ != &vcpu);
}

/// Whoever runs is taken to have woken it: a guest's interrupt, or its answer through a device. If it was a timer or
/// the network, this one runs a little sooner than it would have, in a turn that somebody else gave up.
void Pairing::wake(Schedulable& vcpu, Ticks now)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    table_[at].waits_since = now.value();
    table_[at].waker = table_.current() == Table::nobody ? nullptr : table_[table_.current()].vcpu;
    table_.wake(at);
    OVM_PROMISES(table_.is_runnable(at) && table_[at].waits_since == now.value() &&
                 table_.is_current(table_[at].waker));
}

void Pairing::block(Schedulable& vcpu, Ticks now)
{
    table_.charge(now);
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_runnable(at));
    table_.block(at, now);
    OVM_PROMISES(table_.is_asleep(at));
}

processor::Scheduler::Choice Pairing::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    table_.charge(now);
    auto next = table_.current();
    if (now >= until_ && next != Table::nobody)
        table_[next].waits_since = now.value();
    if (now < until_ && next == Table::nobody && last_ != nullptr)
        next = woken_by(last_);
    if (now >= until_ || next == Table::nobody)
    {
        next = longest_waiting();
        until_ = now + slice_;
    }
    table_.run(next, now);
    Choice choice{};
    if (next != Table::nobody)
    {
        last_ = choice.next = table_[next].vcpu;
        if (others_wait())
            choice.until = Ticks(until_.value());
    }
    OVM_PROMISES(table_.is_current(choice.next) && (choice.next == nullptr || last_ == choice.next));
    OVM_PROMISES(choice.next != nullptr ? choice.until.has_value() != table_.is_alone(table_.current())
                                        : table_.is_alone(Table::nobody));
    return choice;
}

Result<> Pairing::export_state(Scheduler_state& state)
{
    table_.charge(state.now);
    auto const next = longest_waiting();
    state.next = next == Table::nobody ? nullptr : table_[next].vcpu;
    state.lost |= Scheduler_state::order;
    return {};
}

Result<> Pairing::import_state(Scheduler_state& state)
{
    until_ = state.now;
    return table_.take_over(state, [](Entry& entry) { begin(entry); });
}

} // namespace ovm::modules
