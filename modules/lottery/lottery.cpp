#include "lottery.hpp"

#include <algorithm>

#include "base/bits.hpp"

namespace ovm::modules
{

using processor::Schedulable;
using processor::Scheduler_state;
using processor::Scheduling_parameters;

namespace
{

/// Until the machine has run for this long, which it never has, no sum of times overflows.
constexpr Ticks end_of_time{std::uint64_t{1} << 62};

} // namespace

Result<> Lottery::check(object::Values values)
{
    if (Ticks(values[0]) > longest_slice || values[1] >= lots)
        return Error::out_of_range;
    return {};
}

std::uint64_t Lottery::tickets(const Entry& entry)
{
    if (!entry.runnable)
        return 0;
    return std::clamp(entry.vcpu->parameters().weight, 1u, Scheduling_parameters::weight_max);
}

std::uint32_t Lottery::find(const Schedulable& vcpu) const
{
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        if (entries_[i].vcpu == &vcpu)
            return i;
    }
    return nobody;
}

bool Lottery::others_wait() const
{
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        if (i != current_ && entries_[i].runnable)
            return true;
    }
    return false;
}

void Lottery::charge_current(Ticks now)
{
    if (current_ == nobody)
        return;
    auto const ran = now > current_since_ ? now - current_since_ : Ticks(0);
    current_since_ = now;
    auto& account = entries_[current_].vcpu->account();
    account.ran = Ticks(saturating_add(account.ran.value(), ran.value()));
}

/// The winner's place; nobody, if nobody is runnable.
std::uint32_t Lottery::draw()
{
    std::uint64_t all = 0;
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        OVM_LOOP_INVARIANT(all <= std::uint64_t{i} * Scheduling_parameters::weight_max);
        all += tickets(entries_[i]);
    }
    if (all == 0)
        return nobody;
    lot_ = lot_ * 48'271 % lots;
    std::uint64_t left = lot_ % all;
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        auto const own = tickets(entries_[i]);
        if (left < own)
            return i;
        left -= own;
    }
    return nobody;
}

Result<> Lottery::admit(Schedulable& vcpu, Ticks)
{
    if (count_ == most)
        return Error::denied;
    entries_[count_] = {.vcpu = &vcpu};
    ++count_;
    return {};
}

void Lottery::leave(Schedulable& vcpu, Ticks)
{
    auto const at = find(vcpu);
    OVM_REQUIRES_THAT(at != nobody && !entries_[at].runnable && at != current_);
    --count_;
    entries_[at] = entries_[count_];
    if (current_ == count_)
        current_ = at;
}

void Lottery::wake(Schedulable& vcpu, Ticks)
{
    auto const at = find(vcpu);
    OVM_REQUIRES_THAT(at != nobody && !entries_[at].runnable);
    entries_[at].runnable = true;
}

void Lottery::block(Schedulable& vcpu, Ticks now)
{
    charge_current(now);
    auto const at = find(vcpu);
    OVM_REQUIRES_THAT(at != nobody && entries_[at].runnable);
    entries_[at].runnable = false;
    vcpu.account().asleep_since = now;
    if (current_ == at)
        current_ = nobody;
}

processor::Scheduler::Choice Lottery::choose(Ticks now)
{
    OVM_REQUIRES_THAT(now < end_of_time);
    charge_current(now);
    if (current_ == nobody || now >= until_)
    {
        current_ = draw();
        until_ = now + slice_;
    }
    current_since_ = now;
    if (current_ == nobody)
        return {};
    if (!others_wait())
        return {.next = entries_[current_].vcpu};
    return {.next = entries_[current_].vcpu, .until = Ticks(until_.value())};
}

/// Nothing is lost: who is next was never settled.
Result<> Lottery::export_state(Scheduler_state& state)
{
    charge_current(state.now);
    return {};
}

Result<> Lottery::import_state(Scheduler_state& state)
{
    for (auto& vcpu : state.vcpus)
    {
        OVM_LOOP_INVARIANT(invariant());
        OVM_TRY(admit(vcpu, state.now));
        entries_[count_ - 1].runnable = vcpu.runnable();
        if (&vcpu == state.current)
            current_ = count_ - 1;
        if (vcpu.parameters().has_reservation())
            state.lost |= Scheduler_state::reservation;
    }
    current_since_ = state.now;
    until_ = state.now;
    return {};
}

} // namespace ovm::modules
