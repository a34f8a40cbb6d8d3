#pragma once

#include <array>
#include <cstdint>

#include "base/contract.hpp"
#include "processor/schedulable.hpp"

namespace ovm::policy
{

/// How much later the second is, on a scale that wraps; right while both are within half of it.
constexpr std::int64_t distance(std::int64_t from, std::int64_t to)
{
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
}

constexpr std::int64_t moved(std::int64_t from, std::int64_t by)
{
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(from) + static_cast<std::uint64_t>(by));
}

/// How vcpus are linked in a Deadline_tree, and the steps that keep it: each leaves whole trees, so it is proved alone.
namespace links
{

/// Which of a vcpu's two links down.
enum class Side : bool
{
    earlier,
    later,
};

/// Whether it is in a tree.
inline bool is_in_tree(const processor::Schedulable& vcpu)
{
    return vcpu.place().priority != 0;
}

inline processor::Schedulable*& link(processor::Schedulable& vcpu, Side side)
{
    auto& both = vcpu.place().links;
    return side == Side::earlier ? both.earlier : both.later;
}

inline processor::Schedulable* earlier(const processor::Schedulable& vcpu)
{
    return vcpu.place().links.earlier;
}

inline processor::Schedulable* later(const processor::Schedulable& vcpu)
{
    return vcpu.place().links.later;
}

inline processor::Schedulable* child(const processor::Schedulable& vcpu, Side side)
{
    return side == Side::earlier ? earlier(vcpu) : later(vcpu);
}

inline processor::Schedulable*& parent(processor::Schedulable& vcpu)
{
    return vcpu.place().links.parent;
}

inline const processor::Schedulable* parent(const processor::Schedulable& vcpu)
{
    return vcpu.place().links.parent;
}

inline bool is_above(const processor::Schedulable& vcpu, const processor::Schedulable& below)
{
    return vcpu.place().priority > below.place().priority;
}

inline bool is_child(const processor::Schedulable* below, const processor::Schedulable& vcpu)
{
    return below == nullptr || (is_in_tree(*below) && parent(*below) == &vcpu && is_above(vcpu, *below));
}

/// Whether who is in a tree and its neighbours there name one another, and the priorities fall on the way down.
inline bool is_linked(const processor::Schedulable& vcpu)
{
    if (!is_in_tree(vcpu))
        return true;
    auto const* const above = parent(vcpu);
    return is_child(earlier(vcpu), vcpu) && is_child(later(vcpu), vcpu) &&
           (earlier(vcpu) == nullptr || earlier(vcpu) != later(vcpu)) &&
           (above == nullptr || (is_in_tree(*above) && (earlier(*above) == &vcpu || later(*above) == &vcpu)));
}

inline bool are_linked()
{
    return OVM_FOR_EVERY(processor::Schedulable, each, is_linked(each));
}

/// Whether it is at the top of a tree.
inline bool is_top(const processor::Schedulable& vcpu)
{
    return is_in_tree(vcpu) && parent(vcpu) == nullptr;
}

/// Whether nothing is below a vcpu of a tree on that side.
inline bool is_free(const processor::Schedulable& above, Side side)
{
    return is_in_tree(above) && child(above, side) == nullptr;
}

/// Where nothing is below a vcpu of a tree.
struct Gap
{
    processor::Schedulable* above;
    Side side;

    bool is_for(const processor::Schedulable& below) const { return is_free(*above, side) && is_above(*above, below); }
};

/// What is below on that side is a tree of its own then.
inline void cut(processor::Schedulable& above, Side side, processor::Schedulable& below)
{
    link(above, side) = nullptr;
    parent(below) = nullptr;
}
OVM_CONTRACT inline void contract_of_cut(processor::Schedulable& above, Side side, processor::Schedulable& below)
{
    OVM_REQUIRES_THAT(is_in_tree(above) && child(above, side) == &below);
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES(link(above, side), parent(below));
    OVM_RESULT(cut(above, side, below));
    OVM_ENSURES(child(above, side) == nullptr && is_top(below) && is_above(above, below));
    OVM_ENSURES(are_linked());
}

/// A tree of its own goes where nothing is.
inline void hang(processor::Schedulable& above, Side side, processor::Schedulable& below)
{
    link(above, side) = &below;
    parent(below) = &above;
}
OVM_CONTRACT inline void contract_of_hang(processor::Schedulable& above, Side side, processor::Schedulable& below)
{
    OVM_REQUIRES_THAT(is_in_tree(above) && child(above, side) == nullptr && is_top(below) && is_above(above, below));
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES(link(above, side), parent(below));
    OVM_RESULT(hang(above, side, below));
    OVM_ENSURES(child(above, side) == &below && parent(below) == &above);
    OVM_ENSURES(are_linked());
}

/// The top of a tree goes where nothing is; what is below it on the inner side, if anything, is a tree of its own then.
inline processor::Schedulable* move(processor::Schedulable& above, Side side, processor::Schedulable& top, Side inner)
{
    auto* const rest = child(top, inner);
    link(above, side) = &top;
    parent(top) = &above;
    link(top, inner) = nullptr;
    if (rest != nullptr)
        parent(*rest) = nullptr;
    return rest;
}
OVM_CONTRACT inline processor::Schedulable* contract_of_move(processor::Schedulable& above, Side side,
                                                             processor::Schedulable& top, Side inner)
{
    OVM_REQUIRES_THAT(is_free(above, side) && is_top(top) && is_above(above, top));
    OVM_REQUIRES_THAT(are_linked());
    auto* const below = OVM_OLD(child(top, inner));
    bool const belongs = OVM_OLD(below == nullptr || parent(*below) == &top);
    OVM_MODIFIES(link(above, side), parent(top), link(top, inner), parent(below == nullptr ? top : *below));
    auto* const rest = OVM_RESULT(move(above, side, top, inner));
    OVM_ENSURES(rest == below && belongs && is_free(top, inner));
    OVM_ENSURES(rest == nullptr || (is_top(*rest) && is_above(top, *rest)));
    OVM_ENSURES(are_linked());
    return rest;
}

inline void renew_least(processor::Schedulable& vcpu)
{
    auto& place = vcpu.place();
    place.links.least = place.value;
    for (auto* const below : std::array{earlier(vcpu), later(vcpu)})
    {
        if (below != nullptr && distance(below->place().links.least, place.links.least) > 0)
            place.links.least = below->place().links.least;
    }
}
OVM_CONTRACT inline void contract_of_renew_least(processor::Schedulable& vcpu)
{
    OVM_MODIFIES(vcpu.place().links.least);
    OVM_RESULT(renew_least(vcpu));
}

/// From there up to below that one.
inline void renew_up(processor::Schedulable* at, const processor::Schedulable* end)
{
    for (; at != nullptr && at != end; at = parent(*at))
    {
        OVM_LOOP_INVARIANT(is_in_tree(*at));
        OVM_VARIANT(~at->place().priority);
        renew_least(*at);
    }
}
OVM_CONTRACT inline void contract_of_renew_up(processor::Schedulable* at, const processor::Schedulable* end)
{
    OVM_REQUIRES_THAT(at == nullptr || is_in_tree(*at));
    OVM_REQUIRES_THAT(are_linked());
    OVM_MODIFIES_EVERY(processor::Schedulable, each, each.place().links.least);
    OVM_RESULT(renew_up(at, end));
}

} // namespace links

} // namespace ovm::policy
