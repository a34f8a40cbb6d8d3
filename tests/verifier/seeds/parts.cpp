#include <cstdint>

#include "base/contract.hpp"

/// What a contract lets change of every object of a class, and where parts of objects are one.
struct Links
{
    struct Node* next = nullptr;
    std::uint64_t least = 0;
};

struct Node
{
    std::uint64_t rank = 0;
    Links links{};
    Links spare{};
};

/// The second node is not where the first one is, in the object that has both.
struct Pair
{
    Node first{};
    Node second{};
};

void unlink(Node& node)
{
    node.links.next = nullptr;
    node.spare.least = 0;
}
OVM_CONTRACT void contract_of_unlink(Node& node)
{
    OVM_MODIFIES_EVERY(Node, each, each.links);
    OVM_RESULT(unlink(node)); // expect: change
    OVM_ENSURES(node.links.next == nullptr);
}

void unlink_next(Node& node)
{
    auto* const next = node.links.next;
    if (next == nullptr)
        return;
    next->links.next = nullptr;
    next->rank = 0; // expect: change
}
OVM_CONTRACT void contract_of_unlink_next(Node& node)
{
    OVM_MODIFIES(node.rank);
    OVM_MODIFIES_EVERY(Node, each, each.links);
    OVM_RESULT(unlink_next(node));
}

OVM_VERIFIED void keeps_what_is_no_link(Node& node, Node& other) // expect: none
{
    OVM_PRESUMES(other.rank == 7 && node.rank == 8);
    unlink(node);
    OVM_ENSURES(other.rank == 7 && node.rank == 8);
}

OVM_VERIFIED void relies_on_another_link(Node& node, Node& other)
{
    OVM_PRESUMES(&node != &other && other.links.least == 7);
    unlink(node);
    OVM_ENSURES(other.links.least == 7); // expect: postcondition
}

/// What is named by one member is every object of that member's class.
OVM_VERIFIED void relies_on_a_spare_link(Node& node, Node& other)
{
    OVM_PRESUMES(&node != &other && other.spare.least == 7);
    unlink(node);
    OVM_ENSURES(other.spare.least == 7); // expect: postcondition
}

OVM_VERIFIED void relies_on_a_local_link(Node& node)
{
    Node own{};
    own.links.least = 7;
    unlink(own);
    OVM_ENSURES(own.links.least == 7); // expect: postcondition
    node.rank = own.rank;
}

OVM_VERIFIED void forgets_in_a_loop(Node& node, std::uint64_t times)
{
    OVM_PRESUMES(node.links.least == 7);
    for (std::uint64_t i = 0; i < times; ++i)
    {
        OVM_LOOP_INVARIANT(node.links.least == 7); // expect: loop invariant
        OVM_VARIANT(times - i);
        unlink(node);
    }
}

void link_all(Node& node)
{
    unlink(node);
}
OVM_CONTRACT void contract_of_link_all(Node& node)
{
    OVM_MODIFIES(node.links);
    OVM_RESULT(link_all(node));
}

void passes_on(Node& node) // expect: none
{
    unlink(node);
    node.links.least = 1;
}
OVM_CONTRACT void contract_of_passes_on(Node& node)
{
    OVM_MODIFIES_EVERY(Node, each, each.links);
    OVM_RESULT(passes_on(node));
}

void set_rank(Node& node, std::uint64_t rank) // expect: none
{
    node.rank = rank;
}
OVM_CONTRACT void contract_of_set_rank(Node& node, std::uint64_t rank)
{
    OVM_MODIFIES(node.rank);
    OVM_RESULT(set_rank(node, rank));
    OVM_ENSURES(node.rank == rank);
}

OVM_VERIFIED void changes_one_member(Node& node, Node& other) // expect: none
{
    OVM_PRESUMES(&node != &other && other.rank == 7 && node.links.least == 8);
    set_rank(node, 1);
    OVM_ENSURES(other.rank == 7 && node.rank == 1 && node.links.least == 8);
}

OVM_VERIFIED void may_be_the_same(Node& node, Node& other)
{
    OVM_PRESUMES(other.rank == 7);
    set_rank(node, 1);
    OVM_ENSURES(other.rank == 7); // expect: postcondition
}

OVM_VERIFIED void may_be_the_second(Pair& pair, Node& node)
{
    OVM_PRESUMES(pair.second.rank == 7);
    node.rank = 1;
    OVM_ENSURES(pair.second.rank == 7); // expect: postcondition
}

OVM_VERIFIED void may_be_the_first(Pair& pair, Node& node)
{
    OVM_PRESUMES(pair.first.links.least == 7);
    node.links.least = 1;
    OVM_ENSURES(pair.first.links.least == 7); // expect: postcondition
}

OVM_VERIFIED void are_two(Pair& pair) // expect: none
{
    auto& first = pair.first;
    auto& second = pair.second;
    first.links.least = 1;
    second.links.least = 2;
    second.spare.least = 3;
    OVM_ENSURES(first.links.least == 1 && second.links.least == 2);
}

OVM_VERIFIED void may_be_the_spare(Node& node, Links& links)
{
    OVM_PRESUMES(node.spare.least == 7);
    links.least = 1;
    OVM_ENSURES(node.spare.least == 7); // expect: postcondition
}
