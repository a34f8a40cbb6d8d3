#include <cstdint>

#include "base/contract.hpp"

/// Objects that link to one another: what is said of every one of them.
struct Node
{
    Node* next = nullptr;
    std::uint64_t rank = 0;
};

Node*& next_of(Node& node)
{
    return node.next;
}

/// Ranks fall on the way.
bool falls(const Node& node)
{
    return node.next == nullptr || node.next->rank < node.rank;
}

OVM_VERIFIED std::uint64_t second_rank(Node& node) // expect: none
{
    auto* const next = next_of(node);
    auto* const second = next == nullptr ? nullptr : next_of(*next);
    return second == nullptr ? 0 : second->rank;
}

OVM_VERIFIED std::uint64_t forgets_that_it_ends(Node& node)
{
    auto* const next = next_of(node);
    return next == nullptr ? 0 : next_of(*next)->rank; // expect: null pointer
}

OVM_VERIFIED Node* last(Node& first) // expect: none
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, falls(each)));
    auto* found = &first;
    for (auto* at = first.next; at != nullptr; at = at->next)
    {
        OVM_VARIANT(at->rank);
        found = at;
    }
    OVM_ENSURES(found->next == nullptr);
    return found;
}

OVM_VERIFIED Node* goes_round(Node& first)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.next == nullptr || each.next->rank <= each.rank));
    auto* found = &first;
    for (auto* at = first.next; at != nullptr; at = at->next)
    {
        OVM_VARIANT(at->rank); // expect: loop does not end
        found = at;
    }
    return found;
}

OVM_VERIFIED void raises(Node& node) // expect: none
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    node.rank = 5;
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3));
}

OVM_VERIFIED void lowers(Node& node)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    node.rank = 3;
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3)); // expect: postcondition
}

/// What goes wrong in what is said is no less wrong.
OVM_VERIFIED void says_too_much(Node& node)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3 && each.next->rank > 3)); // expect: null pointer
    node.rank = 5;
}

/// A pointer that a loop may set; without a turn it leads nowhere.
OVM_VERIFIED std::uint64_t uses_what_no_turn_set(Node& node, std::uint32_t turns)
{
    Node* found;
    for (std::uint32_t i = 0; i < turns; ++i)
        found = &node;
    return found->rank; // expect: value was never set
}

/// What is known of every object before a write is not known after it.
OVM_VERIFIED void spoils(Node& node, Node& other)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    node.rank = 1;
    OVM_ASSERT(other.rank > 3); // expect: assertion
}

/// No such object can be.
OVM_VERIFIED std::uint64_t stands_on_nothing(const Node& node) // expect: vacuity
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3 && each.rank < 3));
    return node.rank;
}

/// Of memory that has not changed it is the same truth.
OVM_VERIFIED void says_it_again(Node& node, Node* next, bool links) // expect: none
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    if (links)
        node.next = next;
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3));
}

OVM_VERIFIED void says_more(Node& node)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    node.next = nullptr;
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 4)); // expect: postcondition
}

OVM_VERIFIED void says_it_after_a_write(Node& node, bool lowers)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    if (lowers)
        node.rank = 3;
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3)); // expect: postcondition
}

/// What was proved on the way helps with what follows.
OVM_VERIFIED void goes_by_steps(Node& node, const Node& other) // expect: none
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    node.rank = 7;
    OVM_ASSERT(OVM_FOR_EVERY(Node, each, each.rank > 3));
    OVM_ENSURES(other.rank > 3);
}

void raise(Node& node)
{
    node.rank = 5;
}
OVM_CONTRACT void contract_of_raise(Node& node)
{
    OVM_REQUIRES_THAT(OVM_FOR_EVERY(Node, each, each.rank > 3));
    OVM_MODIFIES_EVERY(Node, each, each.rank);
    OVM_RESULT(raise(node));
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3));
}

void lower(Node& node)
{
    node.rank = 3;
}
OVM_CONTRACT void contract_of_lower(Node& node)
{
    OVM_REQUIRES_THAT(OVM_FOR_EVERY(Node, each, each.rank > 3));
    OVM_MODIFIES_EVERY(Node, each, each.rank);
    OVM_RESULT(lower(node));
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 2));
}

/// Where ways meet, what held on each of them holds.
OVM_VERIFIED void raises_now_and_then(Node& node, bool first, bool second) // expect: none
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    if (first)
        raise(node);
    if (second)
        raise(node);
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3));
}

OVM_VERIFIED void lowers_on_one_way(Node& node, bool lowers)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    if (lowers)
        lower(node);
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3)); // expect: postcondition
}

OVM_VERIFIED void lowers_on_the_other_way(Node& node, bool raises)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    if (raises)
        raise(node);
    else
        lower(node);
    OVM_ENSURES(OVM_FOR_EVERY(Node, each, each.rank > 3)); // expect: postcondition
}

/// What two ways were told of does not tell which was taken.
OVM_VERIFIED void looks_at_one_way(Node& node, const Node& other, bool lowers)
{
    OVM_PRESUMES(OVM_FOR_EVERY(Node, each, each.rank > 3));
    if (lowers)
        lower(node);
    OVM_ASSERT(other.rank > 3); // expect: assertion
}
