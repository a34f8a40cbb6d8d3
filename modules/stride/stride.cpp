#include "stride.hpp"

#include <algorithm>

#include "base/bits.hpp"
#include "base/contract.hpp"

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;
using processor::Scheduling_parameters;

namespace
{

/// A turn counts no longer than this.
constexpr std::uint64_t longest_turn = std::uint64_t{1} << 32;

std::uint64_t weight(const Schedulable& vcpu)
{
    return std::clamp(vcpu.parameters().weight, 1u, Scheduling_parameters::weight_max);
}

std::uint64_t to_pass(const Schedulable& vcpu, std::uint64_t ran)
{
    return std::min(ran, longest_turn) * Scheduling_parameters::default_weight / weight(vcpu);
}

/// The pass of a vcpu that is owed `lag` ticks, when one that is owed nothing has `even`.
std::uint64_t pass_of(const Schedulable& vcpu, std::int64_t lag, std::uint64_t even)
{
    if (lag >= 0)
        return even - std::min(even, to_pass(vcpu, static_cast<std::uint64_t>(lag)));
    auto const advance = static_cast<std::uint64_t>(-std::max(lag, -static_cast<std::int64_t>(longest_turn)));
    return even + to_pass(vcpu, advance);
}

} // namespace

Result<> Stride::check(object::Values values)
{
    if (Ticks(values[0]) > longest_slice)
        return Error::out_of_range;
    return {};
}

std::uint32_t Stride::find(const Schedulable& vcpu) const
{
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        if (entries_[i].vcpu == &vcpu)
            return i;
    }
    return nobody;
}

/// The runnable one with the smallest pass, but that one; among equals the one that is first in the table.
std::uint32_t Stride::first_but(std::uint32_t excluded) const
{
    std::uint32_t best = nobody;
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        OVM_LOOP_INVARIANT(best == nobody || best < i);
        if (i != excluded && entries_[i].runnable && (best == nobody || entries_[i].pass < entries_[best].pass))
            best = i;
    }
    return best;
}

void Stride::charge_current(Ticks now)
{
    if (current_ == nobody)
        return;
    auto const ran = now > current_since_ ? now - current_since_ : Ticks(0);
    current_since_ = now;
    auto& entry = entries_[current_];
    auto& account = entry.vcpu->account();
    account.ran = Ticks(saturating_add(account.ran.value(), ran.value()));
    entry.pass = std::min(entry.pass + to_pass(*entry.vcpu, ran.value()), furthest);
}

void Stride::rebase()
{
    auto const base = first();
    if (base == nobody)
        return;
    auto const least = entries_[base].pass;
    for (std::uint32_t i = 0; i < count_; ++i)
        entries_[i].pass -= std::min(entries_[i].pass, least);
}

Result<> Stride::admit(Schedulable& vcpu, Ticks)
{
    if (count_ == most)
        return Error::denied;
    entries_[count_] = {.vcpu = &vcpu};
    ++count_;
    return {};
}

void Stride::leave(Schedulable& vcpu, Ticks)
{
    auto const at = find(vcpu);
    OVM_REQUIRES_THAT(at != nobody && !entries_[at].runnable && at != current_);
    --count_;
    entries_[at] = entries_[count_];
    if (current_ == count_)
        current_ = at;
}

void Stride::wake(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    auto const at = find(vcpu);
    OVM_REQUIRES_THAT(at != nobody && !entries_[at].runnable);
    auto const least = first();
    auto& entry = entries_[at];
    if (least != nobody)
        entry.pass = std::max(entry.pass, entries_[least].pass);
    entry.runnable = true;
}

void Stride::block(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    auto const at = find(vcpu);
    OVM_REQUIRES_THAT(at != nobody && entries_[at].runnable);
    entries_[at].runnable = false;
    vcpu.account().asleep_since = now;
    if (current_ == at)
        current_ = nobody;
}

processor::Scheduler::Choice Stride::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    charge_current(now);
    rebase();
    current_ = first();
    current_since_ = now;
    if (current_ == nobody)
        return {};
    Choice choice{.next = entries_[current_].vcpu};
    if (first_but(current_) != nobody)
        choice.until = now + slice_;
    return choice;
}

/// Lag is measured from the mean of the passes of all who compete, so that it sums up to about nothing.
Result<> Stride::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    std::uint64_t sum = 0;
    std::uint64_t runnable = 0;
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        OVM_LOOP_INVARIANT(sum <= i * furthest && runnable <= i);
        sum += entries_[i].runnable ? entries_[i].pass : 0;
        runnable += entries_[i].runnable ? 1 : 0;
    }
    auto const mean = runnable == 0 ? 0 : sum / runnable;
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        auto const& entry = entries_[i];
        auto const behind = static_cast<std::int64_t>(mean) - static_cast<std::int64_t>(entry.pass);
        auto const by_weight = static_cast<std::int64_t>(weight(*entry.vcpu));
        entry.vcpu->account().lag = behind / Scheduling_parameters::default_weight * by_weight;
    }
    auto const next = first();
    state.next = next == nobody ? nullptr : entries_[next].vcpu;
    return {};
}

Result<> Stride::import_state(Scheduler_state& state)
{
    for (auto& vcpu : state.vcpus)
    {
        OVM_TRY(admit(vcpu, state.now));
        auto& entry = entries_[count_ - 1];
        entry.runnable = vcpu.runnable();
        entry.pass = pass_of(vcpu, vcpu.account().lag, longest_turn);
        if (&vcpu == state.current)
            current_ = count_ - 1;
        if (vcpu.parameters().has_reservation())
            state.lost |= Scheduler_state::reservation;
    }
    current_since_ = state.now;
    rebase();
    return {};
}

} // namespace ovm::modules
