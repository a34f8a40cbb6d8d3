#include "policy/scheduler/deadline_tree.hpp"

#include <algorithm>
#include <array>

#include "base/contract.hpp"

namespace ovm::policy
{

using processor::Schedulable;

namespace
{

/// Which of the two links down.
enum class Side : bool
{
    earlier,
    later,
};

Schedulable*& link(Schedulable& vcpu, Side side)
{
    auto& links = vcpu.place().links;
    return side == Side::earlier ? links.earlier : links.later;
}

Schedulable* earlier(const Schedulable& vcpu)
{
    return vcpu.place().links.earlier;
}

Schedulable* later(const Schedulable& vcpu)
{
    return vcpu.place().links.later;
}

Schedulable* child(const Schedulable& vcpu, Side side)
{
    return side == Side::earlier ? earlier(vcpu) : later(vcpu);
}

Schedulable*& parent(Schedulable& vcpu)
{
    return vcpu.place().links.parent;
}

const Schedulable* parent(const Schedulable& vcpu)
{
    return vcpu.place().links.parent;
}

bool is_above(const Schedulable& vcpu, const Schedulable& below)
{
    return vcpu.place().priority > below.place().priority;
}

bool is_child(const Schedulable* below, const Schedulable& vcpu)
{
    return below == nullptr || (Deadline_tree::is_node(*below) && parent(*below) == &vcpu && is_above(vcpu, *below));
}

/// Whether who is in a tree and its neighbours there name one another, and the priorities fall on the way down.
bool is_linked(const Schedulable& vcpu)
{
    if (!Deadline_tree::is_node(vcpu))
        return true;
    auto const* const above = parent(vcpu);
    return is_child(earlier(vcpu), vcpu) && is_child(later(vcpu), vcpu) &&
           (earlier(vcpu) == nullptr || earlier(vcpu) != later(vcpu)) &&
           (above == nullptr ||
            (Deadline_tree::is_node(*above) && (earlier(*above) == &vcpu || later(*above) == &vcpu)));
}

bool are_linked()
{
    return OVM_FOR_EVERY(Schedulable, each, is_linked(each));
}

/// Whether it is at the top of a tree.
bool is_top(const Schedulable& vcpu)
{
    return Deadline_tree::is_node(vcpu) && parent(vcpu) == nullptr;
}

/// What is below on that side is a tree of its own then.
void cut(Schedulable& above, Side side, Schedulable& below)
{
    link(above, side) = nullptr;
    parent(below) = nullptr;
}
OVM_CONTRACT void contract_of_cut(Schedulable& above, Side side, Schedulable& below)
{
    OVM_REQUIRES_THAT(Deadline_tree::is_node(above) && child(above, side) == &below);
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES(link(above, side), parent(below));
    OVM_RESULT(cut(above, side, below));
    OVM_ENSURES(child(above, side) == nullptr && is_top(below) && is_above(above, below));
    OVM_ENSURES(are_linked());
}

/// A tree of its own goes where nothing is.
void hang(Schedulable& above, Side side, Schedulable& below)
{
    link(above, side) = &below;
    parent(below) = &above;
}
OVM_CONTRACT void contract_of_hang(Schedulable& above, Side side, Schedulable& below)
{
    OVM_REQUIRES_THAT(Deadline_tree::is_node(above) && child(above, side) == nullptr && is_top(below) &&
                      is_above(above, below));
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES(link(above, side), parent(below));
    OVM_RESULT(hang(above, side, below));
    OVM_ENSURES(child(above, side) == &below && parent(below) == &above);
    OVM_ENSURES(are_linked());
}

/// What is below on that side, if anything is, as a tree of its own.
Schedulable* take(Schedulable& above, Side side)
{
    auto* const below = child(above, side);
    if (below != nullptr)
        cut(above, side, *below);
    return below;
}

OVM_VERIFIED void renew_least(Schedulable& vcpu)
{
    auto& place = vcpu.place();
    place.links.least = place.value;
    for (auto* const below : std::array{earlier(vcpu), later(vcpu)})
    {
        if (below != nullptr && distance(below->place().links.least, place.links.least) > 0)
            place.links.least = below->place().links.least;
    }
}

/// From there up to below that one.
OVM_VERIFIED void renew_up(Schedulable* at, const Schedulable* end)
{
    OVM_PRESUMES(at == nullptr || Deadline_tree::is_node(*at));
    OVM_PRESUMES(are_linked());
    for (; at != nullptr && at != end; at = parent(*at))
    {
        OVM_LOOP_INVARIANT(Deadline_tree::is_node(*at));
        OVM_VARIANT(~at->place().priority);
        renew_least(*at);
    }
}

/// Those of a whole tree go where nothing is below a vcpu, each on its side.
void split(Schedulable* rest, Schedulable& vcpu)
{
    // Where the next earlier one and the next later one go.
    auto* before = &vcpu;
    auto* behind = &vcpu;
    while (rest != nullptr)
    {
        OVM_LOOP_INVARIANT(are_linked());
        OVM_LOOP_INVARIANT(is_top(*rest) && Deadline_tree::is_node(*before) && Deadline_tree::is_node(*behind));
        OVM_LOOP_INVARIANT(is_above(*before, *rest) && is_above(*behind, *rest));
        OVM_LOOP_INVARIANT(child(*before, before == &vcpu ? Side::earlier : Side::later) == nullptr &&
                           child(*behind, behind == &vcpu ? Side::later : Side::earlier) == nullptr);
        OVM_VARIANT(rest->place().priority);
        auto& next = *rest;
        if (distance(next.place().key, vcpu.place().key) >= 0)
        {
            rest = take(next, Side::later);
            hang(*before, before == &vcpu ? Side::earlier : Side::later, next);
            before = &next;
        }
        else
        {
            rest = take(next, Side::earlier);
            hang(*behind, behind == &vcpu ? Side::later : Side::earlier, next);
            behind = &next;
        }
    }
    renew_up(before, &vcpu);
    renew_up(behind, &vcpu);
    renew_least(vcpu);
}

/// A tree of its own goes where nothing is; above all is the root.
void put(Schedulable*& root, Schedulable* above, Side side, Schedulable& below)
{
    if (above == nullptr)
        root = &below;
    else
        hang(*above, side, below);
}

/// Two trees, of which all of the one is earlier than all of the other, go where nothing is.
void join(Schedulable*& root, Schedulable* above, Side side, Schedulable* before, Schedulable* behind)
{
    while (before != nullptr && behind != nullptr)
    {
        OVM_LOOP_INVARIANT(are_linked());
        OVM_LOOP_INVARIANT(is_top(*before) && is_top(*behind) && before != behind);
        OVM_LOOP_INVARIANT(above == nullptr ? root == nullptr
                                            : Deadline_tree::is_node(*above) && child(*above, side) == nullptr &&
                                                  is_above(*above, *before) && is_above(*above, *behind));
        OVM_VARIANT(std::max(before->place().priority, behind->place().priority));
        // As where they came in.
        OVM_GUARANTEED(before->place().priority != behind->place().priority);
        auto& top = is_above(*before, *behind) ? *before : *behind;
        auto const inner = &top == before ? Side::later : Side::earlier;
        auto* const rest = take(top, inner);
        (&top == before ? before : behind) = rest;
        put(root, above, side, top);
        above = &top;
        side = inner;
    }
    if (auto* const rest = before != nullptr ? before : behind)
        put(root, above, side, *rest);
    renew_up(above, nullptr);
}

} // namespace

bool Deadline_tree::is_sound() const
{
    return random_ != 0 && (root_ == nullptr || is_top(*root_)) && are_linked();
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
        if (before != nullptr && distance(before->place().links.least, limit) >= 0)
            at = before;
        else if (distance(at->place().value, limit) >= 0)
            return at;
        else
            at = later(*at);
    }
    return nullptr;
}

void Deadline_tree::insert(Schedulable& vcpu, std::int64_t key, std::int64_t value)
{
    OVM_REQUIRES_THAT(!is_node(vcpu));
    OVM_PRESUMES(is_sound());
    auto const priority = next_priority();
    Schedulable* above = nullptr;
    auto side = Side::earlier;
    auto* at = root_;
    while (at != nullptr && at->place().priority > priority)
    {
        OVM_LOOP_INVARIANT(is_node(*at));
        OVM_LOOP_INVARIANT(above == nullptr ? at == root_ : is_node(*above) && child(*above, side) == at);
        OVM_VARIANT(at->place().priority);
        auto& links = at->place().links;
        if (distance(value, links.least) > 0)
            links.least = value;
        above = at;
        side = distance(at->place().key, key) < 0 ? Side::earlier : Side::later;
        at = child(*at, side);
    }
    // Nobody waits for as many others to come as there are priorities.
    OVM_GUARANTEED(at == nullptr || at->place().priority != priority);
    auto& place = vcpu.place();
    place.links = {};
    place.key = key;
    place.value = value;
    place.priority = priority;
    if (above != nullptr)
        take(*above, side);
    put(root_, above, side, vcpu);
    split(at, vcpu);
    OVM_PROMISES(is_node(vcpu) && is_sound());
}

void Deadline_tree::remove(Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(is_node(vcpu));
    OVM_PRESUMES(is_sound());
    auto* const before = take(vcpu, Side::earlier);
    auto* const behind = take(vcpu, Side::later);
    auto* const above = parent(vcpu);
    auto const side = above == nullptr || earlier(*above) == &vcpu ? Side::earlier : Side::later;
    if (above == nullptr)
        root_ = nullptr;
    else
        cut(*above, side, vcpu);
    vcpu.place().priority = 0;
    join(root_, above, side, before, behind);
    OVM_PROMISES(!is_node(vcpu) && is_sound());
}

} // namespace ovm::policy
