#include "template_file.hpp"

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;

Result<> Template_class::check(object::Values values)
{
    if (Ticks(values[0]) > longest_slice)
        return Error::out_of_range;
    return {};
}

std::uint32_t Template_class::longest_waiting_but(std::uint32_t excluded) const
{
    return table_.first_but(excluded,
                            [](const Entry& one, const Entry& other) { return one.waits_since < other.waits_since; });
}

Result<> Template_class::admit(Schedulable& vcpu, Ticks)
{
    return table_.admit(vcpu);
}

void Template_class::leave(Schedulable& vcpu, Ticks)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    table_.leave(at);
}

void Template_class::wake(Schedulable& vcpu, Ticks now)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    table_.wake(at);
    table_[at].waits_since = now.value();
}

void Template_class::block(Schedulable& vcpu, Ticks now)
{
    table_.charge(now);
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_runnable(at));
    table_.block(at, now);
}

processor::Scheduler::Choice Template_class::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    table_.charge(now);
    auto next = table_.current();
    if (next == Table::nobody || now >= until_)
    {
        auto const longest = longest_waiting_but(next);
        if (next != Table::nobody)
            table_[next].waits_since = now.value();
        if (longest != Table::nobody)
            next = longest;
        until_ = now + slice_;
    }
    table_.run(next, now);
    if (next == Table::nobody)
        return {};
    if (!table_.others_wait())
        return {.next = table_[next].vcpu};
    return {.next = table_[next].vcpu, .until = Ticks(until_.value())};
}

Result<> Template_class::export_state(Scheduler_state& state)
{
    table_.charge(state.now);
    auto const longest = longest_waiting_but(table_.current());
    if (longest == Table::nobody)
        return {};
    state.next = table_[longest].vcpu;
    // The accounts do not say who waits longest behind that one.
    state.lost |= Scheduler_state::order;
    return {};
}

Result<> Template_class::import_state(Scheduler_state& state)
{
    until_ = state.now;
    OVM_TRY(table_.take_over(state, [](Entry& entry) { entry.waits_since = 1; }));
    // Who was to run next has waited longest, the others one as long as the other.
    auto const next = state.next == nullptr ? Table::nobody : table_.find(*state.next);
    if (next != Table::nobody)
        table_[next].waits_since = 0;
    return {};
}

} // namespace ovm::modules
