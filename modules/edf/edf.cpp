#include "edf.hpp"

#include <algorithm>

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;
using processor::Scheduling_parameters;

Result<> Edf::check(object::Values values)
{
    if (Ticks(values[0]) > longest_slice)
        return Error::out_of_range;
    return {};
}

bool Edf::makes_sense(const Scheduling_parameters& wanted)
{
    auto const period = wanted.period.value();
    return !wanted.has_reservation() ||
           (period >= shortest_period && period <= longest_period && wanted.budget.value() <= period);
}

/// With a turn to come, and nothing yet of what it has reserved.
void Edf::begin(Entry& entry, const Scheduling_parameters& wanted) const
{
    entry.period = wanted.has_reservation() ? wanted.period.value() : 0;
    entry.budget = wanted.budget.value();
    entry.share = share_of(entry.budget, entry.period);
    entry.left = slice_.value();
    entry.deadline = entry.waits_since = 0;
}

std::uint32_t Edf::share_of(std::uint64_t budget, std::uint64_t period)
{
    auto const permille = std::max<std::uint64_t>(period / whole, 1);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>((budget + permille - 1) / permille, whole));
}

std::uint32_t Edf::reserved() const
{
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(sum <= i * whole);
        sum += table_[i].share;
    }
    return sum;
}

void Edf::begin_period(Entry& entry, std::uint64_t begin)
{
    entry.deadline = begin + entry.period;
    entry.left = entry.budget;
}

/// In units of 4096 ticks, rounded to its disadvantage, products fit.
bool Edf::is_within_share(std::uint64_t left, std::uint64_t time, std::uint64_t budget, std::uint64_t period)
{
    constexpr unsigned unit = 12;
    constexpr auto units = [](std::uint64_t ticks) { return static_cast<std::uint32_t>(ticks >> unit); };
    return std::uint64_t{units(left) + 1} * std::uint64_t{units(period) + 1} <=
           std::uint64_t{units(time)} * std::uint64_t{units(budget)};
}

/// It wakes: what it has left it may use only if that is no more than its share until the deadline (Abeni and Buttazzo,
/// 1998).
void Edf::arrive(Entry& entry, std::uint64_t now)
{
    entry.waits_since = now;
    if (entry.period == 0)
        return;
    if (now >= entry.deadline ||
        !is_within_share(entry.left, std::min(entry.deadline - now, entry.period), entry.budget, entry.period))
        begin_period(entry, now);
}

void Edf::charge_current(Ticks now)
{
    auto const ran = table_.charge(now);
    if (table_.current() == Table::nobody)
        return;
    auto& entry = table_[table_.current()];
    entry.left -= std::min(entry.left, ran.value());
    if (entry.period == 0 && entry.left == 0)
    {
        entry.left = slice_.value();
        entry.waits_since = now.value();
    }
}

/// Those that can run and whose period has ended.
void Edf::renew(std::uint64_t now)
{
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(table_.holds());
        auto& entry = table_[i];
        if (entry.runnable && entry.period != 0 && entry.deadline <= now)
            begin_period(entry, entry.deadline + entry.period > now ? entry.deadline : now);
    }
}

/// Who sleeps may wake at once, with a whole budget.
std::uint64_t Edf::slack(std::uint64_t now) const
{
    auto time = longest_slice.value();
    std::uint64_t needed = 0;
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(needed <= i * longest_slice.value() && time <= longest_slice.value());
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(at, i, is_within_period(at, now, time)));
        auto const& entry = table_[i];
        if (entry.period == 0)
            continue;
        auto const in_period = now < entry.deadline;
        time = std::min(time, in_period ? entry.deadline - now : entry.period);
        needed += in_period && entry.runnable ? entry.left : entry.budget;
    }
    auto const lent = time - std::min(time, needed);
    OVM_PROMISES(OVM_FOR_ALL(at, table_.count(), is_within_period(at, now, lent)));
    return lent;
}

/// The best has the lowest.
std::uint32_t Edf::rank(const Entry& entry, bool lends)
{
    if (entry.period == 0)
        return lends ? 0 : 2;
    return entry.left > 0 ? 1 : 3;
}

std::uint32_t Edf::best(bool lends) const
{
    return table_.first_but(Table::nobody,
                            [lends](const Entry& a, const Entry& b)
                            {
                                auto const first = rank(a, lends);
                                auto const second = rank(b, lends);
                                if (first != second)
                                    return first < second;
                                return a.period == 0 ? a.waits_since < b.waits_since : a.deadline < b.deadline;
                            });
}

/// Until its time is over, the slack is, or somebody's period ends.
std::uint64_t Edf::time_for(std::uint32_t place, std::uint64_t now, std::uint64_t lent) const
{
    auto const& entry = table_[place];
    auto time = entry.left > 0 ? entry.left : longest_slice.value();
    if (entry.period == 0 && lent > 0)
        time = std::min(time, lent);
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(time > 0 && time <= longest_slice.value());
        OVM_LOOP_INVARIANT((table_[place].left == 0 || time <= table_[place].left) &&
                           (table_[place].period != 0 || lent == 0 || time <= lent));
        OVM_LOOP_INVARIANT(OVM_FOR_ALL(at, i, ends_in_period(at, now, time)));
        auto const& other = table_[i];
        if (other.runnable && other.period != 0 && other.deadline > now)
            time = std::min(time, other.deadline - now);
    }
    OVM_PROMISES(entry.left == 0 || time <= entry.left);
    OVM_PROMISES(entry.period != 0 || lent == 0 || time <= lent);
    OVM_PROMISES(OVM_FOR_ALL(at, table_.count(), ends_in_period(at, now, time)));
    return time;
}

Result<> Edf::admit(Schedulable& vcpu, Ticks)
{
    if (!makes_sense(vcpu.parameters()))
        return Error::invalid;
    auto const at = table_.add(vcpu);
    if (at == Table::nobody)
        return Error::denied;
    begin(table_[at], vcpu.parameters());
    if (table_[at].share == 0 || reserved() <= bound_)
        return {};
    table_.leave(at);
    return Error::denied;
}

void Edf::leave(Schedulable& vcpu, Ticks)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at));
    [[maybe_unused]] auto const before = table_.count();
    table_.leave(at);
    OVM_PROMISES(table_.count() == before - 1);
}

void Edf::wake(Schedulable& vcpu, Ticks now)
{
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_asleep(at) && now < end_of_time);
    arrive(table_[at], now.value());
    table_.wake(at);
    OVM_PROMISES(table_.is_runnable(at) && has_time(at, now.value()));
}

void Edf::block(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    auto const at = table_.find(vcpu);
    OVM_REQUIRES_THAT(table_.is_runnable(at));
    table_.block(at, now);
    OVM_PROMISES(table_.is_asleep(at));
}

processor::Scheduler::Choice Edf::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    charge_current(now);
    renew(now.value());
    auto const lent = slack(now.value());
    auto const next = best(lent > 0);
    table_.run(next, now);
    Choice choice{};
    if (next != Table::nobody)
    {
        choice.next = table_[next].vcpu;
        if (others_wait())
            choice.until = now + Ticks(time_for(next, now.value(), lent));
    }
    OVM_PROMISES(table_.is_current(choice.next));
    return choice;
}

Result<> Edf::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    for (std::uint32_t i = 0; i < table_.count(); ++i)
    {
        OVM_LOOP_INVARIANT(slice_ <= longest_slice);
        auto const& entry = table_[i];
        if (entry.period == 0)
            continue;
        auto& account = entry.vcpu->account();
        account.budget_left = Ticks(entry.left);
        account.deadline = Ticks(entry.deadline);
        account.kept_at = state.now;
    }
    state.lost |= Scheduler_state::order;
    return {};
}

/// A budget that was kept until now is as good as ours; another one's owner has been away.
bool Edf::take(Schedulable& vcpu, const Scheduler_state& state)
{
    auto const at = table_.take(vcpu, state);
    if (at == Table::nobody)
        return false;
    auto& entry = table_[at];
    begin(entry, vcpu.parameters());
    auto const& account = vcpu.account();
    if (entry.period != 0)
    {
        entry.deadline = std::min(account.deadline.value(), state.now.value() + entry.period);
        entry.left = std::min(account.budget_left.value(), entry.budget);
    }
    if (entry.period == 0 || account.kept_at != state.now)
        arrive(entry, state.now.value());
    return true;
}

Result<> Edf::import_state(Scheduler_state& state)
{
    OVM_REQUIRES_THAT(state.now < end_of_time);
    for (auto& vcpu : state.vcpus)
    {
        OVM_LOOP_INVARIANT(invariant() && state.now < end_of_time);
        if (!makes_sense(vcpu.parameters()))
            return Error::invalid;
        if (!take(vcpu, state))
            return Error::denied;
    }
    if (reserved() > bound_)
        return Error::denied;
    return {};
}

} // namespace ovm::modules
