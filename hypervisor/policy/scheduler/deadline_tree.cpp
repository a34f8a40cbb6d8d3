#include "policy/scheduler/deadline_tree.hpp"

#include <array>

#include "base/contract.hpp"

namespace ovm::policy
{

using processor::Schedulable;

namespace
{

// The links of a place, as a tree's.
Schedulable*& earlier(Schedulable& vcpu)
{
    return vcpu.place().previous;
}

Schedulable*& later(Schedulable& vcpu)
{
    return vcpu.place().next;
}

Schedulable*& parent(Schedulable& vcpu)
{
    return vcpu.place().parent;
}

} // namespace

/// Marsaglia's xorshift (2003).
std::uint32_t Deadline_tree::next_priority()
{
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    return random_;
}

Schedulable* Deadline_tree::first() const
{
    Schedulable* found = nullptr;
    for (auto* at = root_; at != nullptr; at = earlier(*at))
        found = at;
    return found;
}

Schedulable* Deadline_tree::first_within(std::int64_t limit) const
{
    auto* at = root_;
    while (at != nullptr)
    {
        auto* const before = earlier(*at);
        if (before != nullptr && distance(before->place().least, limit) >= 0)
            at = before;
        else if (distance(at->place().value, limit) >= 0)
            return at;
        else
            at = later(*at);
    }
    return nullptr;
}

void Deadline_tree::renew_least(Schedulable& vcpu)
{
    auto& place = vcpu.place();
    place.least = place.value;
    for (auto* const below : std::array{earlier(vcpu), later(vcpu)})
    {
        if (below != nullptr && distance(below->place().least, place.least) > 0)
            place.least = below->place().least;
    }
}

void Deadline_tree::replace(Schedulable* above, const Schedulable& old, Schedulable* with)
{
    if (above == nullptr)
        root_ = with;
    else
        (earlier(*above) == &old ? earlier(*above) : later(*above)) = with;
    if (with != nullptr)
        parent(*with) = above;
}

/// Changes places with its parent; the order stays.
void Deadline_tree::rotate_up(Schedulable& vcpu)
{
    auto& above = *parent(vcpu);
    bool const was_earlier = earlier(above) == &vcpu;
    auto*& inner = was_earlier ? later(vcpu) : earlier(vcpu);
    (was_earlier ? earlier(above) : later(above)) = inner;
    if (inner != nullptr)
        parent(*inner) = &above;
    replace(parent(above), above, &vcpu);
    inner = &above;
    parent(above) = &vcpu;
    renew_least(above);
    renew_least(vcpu);
}

void Deadline_tree::insert(Schedulable& vcpu, std::int64_t key, std::int64_t value)
{
    OVM_REQUIRES_THAT(!vcpu.place().queued);
    vcpu.place() = {.key = key, .value = value, .least = value, .priority = next_priority(), .queued = true};
    Schedulable* above = nullptr;
    bool goes_earlier = false;
    for (auto* at = root_; at != nullptr; at = goes_earlier ? earlier(*at) : later(*at))
    {
        above = at;
        goes_earlier = distance(at->place().key, key) < 0;
        if (distance(value, at->place().least) > 0)
            at->place().least = value;
    }
    parent(vcpu) = above;
    if (above == nullptr)
        root_ = &vcpu;
    else
        (goes_earlier ? earlier(*above) : later(*above)) = &vcpu;
    while (parent(vcpu) != nullptr && parent(vcpu)->place().priority < vcpu.place().priority)
        rotate_up(vcpu);
}

void Deadline_tree::remove(Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(vcpu.place().queued);
    while (earlier(vcpu) != nullptr && later(vcpu) != nullptr)
    {
        auto& left = *earlier(vcpu);
        auto& right = *later(vcpu);
        rotate_up(left.place().priority > right.place().priority ? left : right);
    }
    auto* const above = parent(vcpu);
    replace(above, vcpu, earlier(vcpu) != nullptr ? earlier(vcpu) : later(vcpu));
    for (auto* at = above; at != nullptr; at = parent(*at))
        renew_least(*at);
    vcpu.place() = {};
}

} // namespace ovm::policy
