#include "policy/scheduler/deadline_tree.hpp"

#include <algorithm>

#include "base/contract.hpp"

namespace ovm::policy
{

using processor::Schedulable;
using namespace links;

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

/// All of a tree goes below a vcpu where nothing is yet, each on its side.
void Deadline_tree::split(Schedulable& top, Schedulable& vcpu)
{
    // Where the next earlier one and the next later one go.
    Gap before{&vcpu, Side::earlier};
    Gap behind{&vcpu, Side::later};
    for (auto* next = &top;;)
    {
        OVM_LOOP_INVARIANT(are_linked());
        OVM_LOOP_INVARIANT(is_sound() && root_ != next);
        OVM_LOOP_INVARIANT(is_top(*next));
        OVM_LOOP_INVARIANT(before.is_for(*next) && behind.is_for(*next));
        OVM_LOOP_INVARIANT(before.above != behind.above || before.side != behind.side);
        OVM_VARIANT(next->place().priority);
        bool const is_before = distance(next->place().key, vcpu.place().key) >= 0;
        auto& gap = is_before ? before : behind;
        auto const inner = is_before ? Side::later : Side::earlier;
        auto* const rest = move(*gap.above, gap.side, *next, inner);
        gap.above = next;
        gap.side = inner;
        if (rest == nullptr)
            break;
        next = rest;
    }
    renew_up(before.above, &vcpu);
    renew_up(behind.above, &vcpu);
    renew_least(vcpu);
}
OVM_CONTRACT_DEFINITION void Deadline_tree::contract_of_split(Schedulable& top, Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(is_free(vcpu, Side::earlier) && is_free(vcpu, Side::later));
    OVM_REQUIRES_THAT(is_top(top) && is_above(vcpu, top) && root_ != &top);
    OVM_REQUIRES_THAT(is_sound());
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
    OVM_RESULT(split(top, vcpu));
    OVM_ENSURES(is_sound());
    OVM_ENSURES(are_linked());
}

Schedulable* Deadline_tree::first() const
{
    Schedulable* found = nullptr;
    for (auto* at = root_; at != nullptr; at = earlier(*at))
    {
        OVM_LOOP_INVARIANT(is_node(*at));
        OVM_VARIANT(at->place().priority);
        found = at;
    }
    return found;
}
OVM_CONTRACT_DEFINITION Schedulable* Deadline_tree::contract_of_first() const
{
    OVM_REQUIRES_THAT(is_sound());
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES();
    auto* const found = OVM_RESULT(first());
    OVM_ENSURES(found == nullptr ? empty() : is_node(*found) && earlier(*found) == nullptr);
    return found;
}

Schedulable* Deadline_tree::first_within(std::int64_t limit) const
{
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
OVM_CONTRACT_DEFINITION Schedulable* Deadline_tree::contract_of_first_within(std::int64_t limit) const
{
    OVM_REQUIRES_THAT(is_sound());
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES();
    auto* const found = OVM_RESULT(first_within(limit));
    OVM_ENSURES(found == nullptr || (is_node(*found) && distance(found->place().value, limit) >= 0));
    return found;
}

/// Two trees, of which all of the one is earlier than all of the other, become one below a vcpu, on its earlier side.
/// The inner side of the higher one's top is where the other one is.
void Deadline_tree::join(Schedulable& vcpu, Schedulable* top, Schedulable* other, Side inner)
{
    Gap gap{&vcpu, Side::earlier};
    for (;;)
    {
        OVM_LOOP_INVARIANT(are_linked());
        OVM_LOOP_INVARIANT(is_sound() && root_ != top && root_ != other);
        OVM_LOOP_INVARIANT(is_top(*top) && is_top(*other) && is_above(*top, *other));
        OVM_LOOP_INVARIANT(gap.is_for(*top) && is_above(vcpu, *top) && is_free(vcpu, Side::later));
        OVM_LOOP_INVARIANT(gap.above != &vcpu || gap.side == Side::earlier);
        OVM_LOOP_INVARIANT(inner == Side::earlier || inner == Side::later);
        OVM_VARIANT(top->place().priority);
        auto* const rest = move(*gap.above, gap.side, *top, inner);
        if (rest == nullptr)
            break;
        gap.above = top;
        gap.side = inner;
        if (is_above(*rest, *other))
        {
            top = rest;
            continue;
        }
        top = other;
        other = rest;
        inner = inner == Side::later ? Side::earlier : Side::later;
        OVM_GUARANTEED(is_above(*top, *other)); // priorities differ
    }
    hang(*top, inner, *other);
    renew_up(top, &vcpu);
}
OVM_CONTRACT_DEFINITION void Deadline_tree::contract_of_join(Schedulable& vcpu, Schedulable* top, Schedulable* other,
                                                             Side inner)
{
    OVM_REQUIRES_THAT(top != nullptr && other != nullptr && root_ != top && root_ != other);
    OVM_REQUIRES_THAT(is_top(*top) && is_top(*other) && is_above(*top, *other));
    OVM_REQUIRES_THAT(is_free(vcpu, Side::earlier) && is_free(vcpu, Side::later) && is_above(vcpu, *top));
    OVM_REQUIRES_THAT(is_sound());
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
    OVM_RESULT(join(vcpu, top, other, inner));
    OVM_ENSURES(is_free(vcpu, Side::later));
    OVM_ENSURES(is_sound());
    OVM_ENSURES(are_linked());
}

/// One that is in no tree goes where it belongs; what was there, if anything, is a tree of its own then.
Schedulable* Deadline_tree::enter(Schedulable& vcpu, std::uint64_t priority, Schedulable* above, Side side)
{
    auto& place = above == nullptr ? root_ : link(*above, side);
    auto* const below = place;
    vcpu.place().links = {.parent = above};
    vcpu.place().priority = priority;
    place = &vcpu;
    if (below != nullptr)
        parent(*below) = nullptr;
    return below;
}
OVM_CONTRACT_DEFINITION Schedulable* Deadline_tree::contract_of_enter(Schedulable& vcpu, std::uint64_t priority,
                                                                      Schedulable* above, Side side)
{
    OVM_REQUIRES_THAT(!is_node(vcpu) && priority != 0);
    OVM_REQUIRES_THAT(above == nullptr || above->place().priority > priority);
    OVM_REQUIRES_THAT(is_sound());
    OVM_REQUIRES_THAT(are_linked());
    auto* const before = OVM_OLD(above == nullptr ? root_ : child(*above, side));
    OVM_REQUIRES_THAT(before == nullptr || before->place().priority < priority);
    OVM_MODIFIES(root_, vcpu.place().priority);
    OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
    auto* const below = OVM_RESULT(enter(vcpu, priority, above, side));
    OVM_ENSURES(vcpu.place().priority == priority && is_free(vcpu, Side::earlier) && is_free(vcpu, Side::later));
    OVM_ENSURES(below == before && (below == nullptr || (is_top(*below) && root_ != below)));
    OVM_ENSURES(is_sound());
    OVM_ENSURES(are_linked());
    return below;
}

void Deadline_tree::insert(Schedulable& vcpu, std::int64_t key, std::int64_t value)
{
    OVM_REQUIRES_THAT(!is_node(vcpu));
    auto const priority = next_priority();
    Schedulable* above = nullptr;
    auto side = Side::earlier;
    auto* at = root_;
    while (at != nullptr && at->place().priority > priority)
    {
        OVM_LOOP_INVARIANT(is_node(*at));
        OVM_LOOP_INVARIANT(above == nullptr ? at == root_ : is_node(*above) && child(*above, side) == at);
        OVM_VARIANT(at->place().priority);
        auto& least = at->place().links.least;
        if (distance(value, least) > 0)
            least = value;
        above = at;
        side = distance(at->place().key, key) < 0 ? Side::earlier : Side::later;
        at = child(*at, side);
    }
    // Nobody waits for as many others to come as there are priorities.
    OVM_GUARANTEED(at == nullptr || at->place().priority != priority);
    vcpu.place().key = key;
    vcpu.place().value = value;
    if (auto* const below = enter(vcpu, priority, above, side))
        split(*below, vcpu);
    else
        renew_least(vcpu);
}
OVM_CONTRACT_DEFINITION void Deadline_tree::contract_of_insert(Schedulable& vcpu, std::int64_t key, std::int64_t value)
{
    OVM_REQUIRES_THAT(!is_node(vcpu));
    OVM_REQUIRES_THAT(is_sound());
    OVM_REQUIRES_THAT(are_linked());
    auto& place = vcpu.place();
    OVM_MODIFIES(*this, place.key, place.value, place.priority);
    OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
    OVM_RESULT(insert(vcpu, key, value));
    OVM_ENSURES(is_node(vcpu) && place.key == key && place.value == value);
    OVM_ENSURES(is_sound());
    OVM_ENSURES(are_linked());
}

void Deadline_tree::remove(Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(is_node(vcpu));
    auto* const before = earlier(vcpu);
    auto* const behind = later(vcpu);
    if (before != nullptr && behind != nullptr)
    {
        cut(vcpu, Side::earlier, *before);
        cut(vcpu, Side::later, *behind);
        OVM_GUARANTEED(before->place().priority != behind->place().priority);
        if (is_above(*before, *behind))
            join(vcpu, before, behind, Side::later);
        else
            join(vcpu, behind, before, Side::earlier);
    }
    auto* const below = earlier(vcpu) != nullptr ? earlier(vcpu) : later(vcpu);
    auto* const above = parent(vcpu);
    if (above == nullptr)
        root_ = below;
    else
        link(*above, earlier(*above) == &vcpu ? Side::earlier : Side::later) = below;
    if (below != nullptr)
        parent(*below) = above;
    vcpu.place().priority = 0;
    renew_up(above, nullptr);
}
OVM_CONTRACT_DEFINITION void Deadline_tree::contract_of_remove(Schedulable& vcpu)
{
    OVM_REQUIRES_THAT(is_node(vcpu));
    OVM_REQUIRES_THAT(is_sound());
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES(root_, vcpu.place().priority);
    OVM_MODIFIES_EVERY(Schedulable, each, each.place().links);
    OVM_RESULT(remove(vcpu));
    OVM_ENSURES(!is_node(vcpu));
    OVM_ENSURES(is_sound());
    OVM_ENSURES(are_linked());
}

} // namespace ovm::policy
