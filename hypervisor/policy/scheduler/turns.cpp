#include "policy/scheduler/turns.hpp"

#include "base/contract.hpp"

namespace ovm::policy
{

using processor::Schedulable;

void Turns::put_first(Schedulable& vcpu)
{
    auto& place = vcpu.place().list;
    OVM_REQUIRES_THAT(!place.queued);
    place.queued = true;
    place.previous = nullptr;
    place.next = first_;
    (first_ != nullptr ? first_->place().list.previous : last_) = &vcpu;
    first_ = &vcpu;
}

void Turns::put_last(Schedulable& vcpu)
{
    auto& place = vcpu.place().list;
    OVM_REQUIRES_THAT(!place.queued);
    place.queued = true;
    place.next = nullptr;
    place.previous = last_;
    (last_ != nullptr ? last_->place().list.next : first_) = &vcpu;
    last_ = &vcpu;
}

void Turns::take_out(Schedulable& vcpu)
{
    auto& place = vcpu.place().list;
    OVM_REQUIRES_THAT(place.queued);
    (place.previous != nullptr ? place.previous->place().list.next : first_) = place.next;
    (place.next != nullptr ? place.next->place().list.previous : last_) = place.previous;
    place.queued = false;
    place.next = place.previous = nullptr;
}

Schedulable& Turns::take_first()
{
    OVM_REQUIRES_THAT(first_ != nullptr);
    auto& vcpu = *first_;
    auto& place = vcpu.place().list;
    first_ = place.next;
    (first_ != nullptr ? first_->place().list.previous : last_) = nullptr;
    place.queued = false;
    place.next = nullptr;
    OVM_PROMISES(!vcpu.place().list.queued);
    return vcpu;
}

void Turns::put_behind(Schedulable& vcpu)
{
    OVM_PRESUMES(!vcpu.place().list.queued);
    vcpu.account().slice_left = slice_;
    put_last(vcpu);
}

void Turns::join(Schedulable& vcpu, Ticks now, std::uint64_t sharers)
{
    OVM_PRESUMES(sharers != 0 && sharers < ~std::uint64_t{0} && !vcpu.place().list.queued);
    auto& account = vcpu.account();
    auto const share = elapsed(account.asleep_since, now) / (sharers + 1);
    auto const earned = left(vcpu) + std::min(share, slice_);
    if (earned == Ticks(0))
        return put_behind(vcpu);
    account.slice_left = std::min(earned, slice_);
    put_first(vcpu);
}

} // namespace ovm::policy
