#pragma once

#include <algorithm>

#include "base/contract.hpp"
#include "base/strong.hpp"
#include "policy/scheduler/slice.hpp"
#include "processor/schedulable.hpp"

namespace ovm::policy
{

/// Those who wait for their turn, a slice each.
/// Invariant:   first_ to last_ are linked through their places, each once, and nobody else's place says `queued`;
///              every one has slice left.
/// Concurrency: the owner's.
class Turns
{
public:
    explicit Turns(Ticks slice) : slice_(slice) {}

    processor::Schedulable* first() const { return first_; }
    bool empty() const { return first_ == nullptr; }
    Ticks slice() const { return slice_; }

    OVM_VERIFIED void put_first(processor::Schedulable& vcpu);
    OVM_VERIFIED void put_last(processor::Schedulable& vcpu);
    OVM_VERIFIED void take_out(processor::Schedulable& vcpu);
    /// Whose turn it is. Requires that somebody waits.
    OVM_VERIFIED processor::Schedulable& take_first();
    /// Who has used its slice up goes behind all others with a new one, as after its turn.
    OVM_VERIFIED void put_behind(processor::Schedulable& vcpu);
    /// After a sleep, into a core that `sharers` want, itself included: it earned a fair share of the time it slept.
    /// With slice left it goes before all others, or else behind them.
    OVM_VERIFIED void join(processor::Schedulable& vcpu, Ticks now, std::uint64_t sharers);

    /// What is left of its turn: a longer one that another policy gave ends as one of this policy would.
    Ticks left(const processor::Schedulable& vcpu) const { return std::min(vcpu.account().slice_left, slice_); }
    void charge(processor::Schedulable& vcpu, Ticks ran) const
    {
        if (ran == Ticks(0))
            return;
        auto const had = left(vcpu);
        vcpu.account().slice_left = ran < had ? had - ran : Ticks(0);
        OVM_PROMISES(vcpu.account().slice_left < had || had == Ticks(0));
    }

private:
    Ticks slice_;
    processor::Schedulable* first_ = nullptr;
    processor::Schedulable* last_ = nullptr;
};

} // namespace ovm::policy
