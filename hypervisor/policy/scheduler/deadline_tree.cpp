#include "policy/scheduler/deadline_tree.hpp"

#include <algorithm>
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

bool is_child(const Schedulable* below, const Schedulable& vcpu)
{
    return below == nullptr || (Deadline_tree::is_node(*below) && below->place().parent == &vcpu &&
                                below->place().priority < vcpu.place().priority);
}

/// Whether who is in a tree and its neighbours there name one another, and the priorities fall on the way down.
bool is_linked(const Schedulable& vcpu)
{
    auto const& place = vcpu.place();
    if (!Deadline_tree::is_node(vcpu))
        return true;
    auto const* const above = place.parent;
    return place.queued && is_child(place.previous, vcpu) && is_child(place.next, vcpu) &&
           (above == nullptr ||
            (Deadline_tree::is_node(*above) && (above->place().previous == &vcpu || above->place().next == &vcpu)));
}

} // namespace

bool Deadline_tree::is_sound() const
{
    return random_ != 0 && (root_ == nullptr || (is_node(*root_) && root_->place().parent == nullptr)) &&
           OVM_FOR_EVERY(Schedulable, each, is_linked(each));
}

/// Marsaglia's xorshift (2003): every number but 0 once in 2^64 - 1.
std::uint64_t Deadline_tree::next_priority()
{
    OVM_PRESUMES(random_ != 0);
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    OVM_PROMISES(random_ != 0);
    return random_;
}

Schedulable* Deadline_tree::first() const
{
    OVM_PRESUMES(is_sound());
    Schedulable* found = nullptr;
    for (auto* at = root_; at != nullptr; at = earlier(*at))
    {
        OVM_LOOP_INVARIANT(is_node(*at));
        OVM_VARIANT(at->place().priority);
        found = at;
    }
    OVM_PROMISES(found == nullptr ? empty() : is_node(*found) && earlier(*found) == nullptr);
    return found;
}

Schedulable* Deadline_tree::first_within(std::int64_t limit) const
{
    OVM_PRESUMES(is_sound());
    auto* at = root_;
    while (at != nullptr)
    {
        OVM_LOOP_INVARIANT(is_node(*at));
        OVM_VARIANT(at->place().priority);
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
    OVM_PRESUMES(parent(vcpu) != nullptr);
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
    OVM_PRESUMES(!is_node(vcpu) && is_sound());
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
    // Nobody waits for as many others to come as there are priorities.
    OVM_GUARANTEED(parent(vcpu) == nullptr || parent(vcpu)->place().priority != vcpu.place().priority);
    OVM_PROMISES(is_node(vcpu) && vcpu.place().queued && is_sound());
}

void Deadline_tree::remove(Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(vcpu.place().queued);
    OVM_PRESUMES(is_node(vcpu) && is_sound());
    while (earlier(vcpu) != nullptr && later(vcpu) != nullptr)
    {
        auto& left = *earlier(vcpu);
        auto& right = *later(vcpu);
        // As where they came in.
        OVM_GUARANTEED(left.place().priority != right.place().priority);
        rotate_up(left.place().priority > right.place().priority ? left : right);
    }
    auto* const above = parent(vcpu);
    replace(above, vcpu, earlier(vcpu) != nullptr ? earlier(vcpu) : later(vcpu));
    for (auto* at = above; at != nullptr; at = parent(*at))
        renew_least(*at);
    vcpu.place() = {};
    OVM_PROMISES(!is_node(vcpu) && !vcpu.place().queued && is_sound());
}

} // namespace ovm::policy
