#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/contract.hpp"
#include "base/static_vector.hpp"

/// Accesses: indices, null, lifetimes, aliases.
struct Node
{
    std::uint64_t value = 0;
    Node* next = nullptr;
    std::array<std::uint32_t, 8> counts{};
};

struct Table
{
    std::array<Node, 16> nodes{};
    std::array<std::uint64_t, 4> sums{};
    std::size_t size = 0;
    Node* first = nullptr;
};

struct View
{
    Table& table;
    const Node* last = nullptr;
};

OVM_VERIFIED std::uint64_t index(Table& table, std::size_t at)
{
    return table.sums[at]; // expect: check of the library
}

OVM_VERIFIED std::uint64_t index_checked(Table& table, std::size_t at) // expect: none
{
    return at < table.sums.size() ? table.sums[at] : 0;
}

OVM_VERIFIED std::uint64_t off_by_one(Table& table, std::size_t at)
{
    return at <= table.sums.size() ? table.sums[at] : 0; // expect: check of the library
}

OVM_VERIFIED std::uint32_t nested(Table& table, std::size_t node, std::size_t count)
{
    if (node >= 16)
        return 0;
    return table.nodes[node].counts[count]; // expect: check of the library
}

OVM_VERIFIED std::uint32_t nested_checked(Table& table, std::size_t node, std::size_t count) // expect: none
{
    return node < 16 && count < 8 ? table.nodes[node].counts[count] : 0;
}

OVM_VERIFIED std::uint64_t null(Table& table)
{
    return table.first->value; // expect: null pointer
}

OVM_VERIFIED std::uint64_t null_checked(Table& table) // expect: none
{
    return table.first != nullptr ? table.first->value : 0;
}

OVM_VERIFIED std::uint64_t null_second(Table& table)
{
    return table.first != nullptr ? table.first->next->value : 0; // expect: null pointer
}

OVM_VERIFIED std::uint64_t null_again(Table& table, Node& other)
{
    if (table.first == nullptr)
        return 0;
    table.first->next = &other;
    return table.first->next->next->value; // expect: null pointer
}

OVM_VERIFIED std::uint64_t reference(View& view) // expect: none
{
    return view.table.size;
}

OVM_VERIFIED std::uint64_t pointer_beside_reference(View& view)
{
    return view.last->value; // expect: null pointer
}

OVM_VERIFIED void alias(Node& a, Node& b)
{
    a.value = 1;
    b.value = 2;
    OVM_ASSERT(a.value == 1); // expect: assertion
}

OVM_VERIFIED void no_alias(Node& a, Table& b) // expect: none
{
    a.value = 1;
    b.size = 2;
    OVM_ASSERT(a.value == 1);
}

OVM_VERIFIED void alias_inside(Node& a, Table& b)
{
    a.value = 1;
    b.nodes[3].value = 2;
    OVM_ASSERT(a.value == 1); // expect: assertion
}

OVM_VERIFIED void alias_by_first(Table& table, Node& a)
{
    a.value = 1;
    if (table.first != nullptr)
        table.first->value = 2;
    OVM_ASSERT(a.value == 1); // expect: assertion
}

OVM_VERIFIED void distinct_elements(Table& table, std::size_t i, std::size_t j) // expect: none
{
    if (i >= 16 || j >= 16 || i == j)
        return;
    table.nodes[i].value = 1;
    table.nodes[j].value = 2;
    OVM_ASSERT(table.nodes[i].value == 1);
}

OVM_VERIFIED void same_elements(Table& table, std::size_t i, std::size_t j)
{
    if (i >= 16 || j >= 16)
        return;
    table.nodes[i].value = 1;
    table.nodes[j].value = 2;
    OVM_ASSERT(table.nodes[i].value == 1); // expect: assertion
}

OVM_VERIFIED void whole_copy(Table& table, Node& node) // expect: none
{
    node.value = 7;
    table.nodes[2] = node;
    OVM_ASSERT(table.nodes[2].value == 7 && table.nodes[2].counts[5] == node.counts[5]);
}

OVM_VERIFIED void whole_copy_elsewhere(Table& table, Node& node)
{
    node.value = 7;
    table.nodes[2] = node;
    OVM_ASSERT(table.nodes[3].value == 7); // expect: assertion
}

OVM_VERIFIED void cleared(Table& table) // expect: none
{
    table.nodes[1] = {};
    OVM_ASSERT(table.nodes[1].value == 0 && table.nodes[1].next == nullptr && table.nodes[1].counts[7] == 0);
}

OVM_VERIFIED void keeps_local(Table& table)
{
    Node local{.value = 3};
    table.first = &local; // expect: pointer to a local
}

OVM_VERIFIED std::uint64_t optional(std::uint64_t a)
{
    std::optional<std::uint64_t> maybe;
    if (a > 5)
        maybe = a;
    return *maybe; // expect: check of the library
}

OVM_VERIFIED std::uint64_t optional_checked(std::uint64_t a) // expect: none
{
    std::optional<std::uint64_t> maybe;
    if (a > 5)
        maybe = a;
    return maybe ? *maybe : 0;
}

OVM_VERIFIED std::uint64_t local_array(std::size_t at)
{
    std::array<std::uint64_t, 4> local{1, 2, 3, 4};
    local[at & 3] = 9;
    return local[at & 7]; // expect: check of the library
}

OVM_VERIFIED std::uint64_t local_array_checked(std::size_t at) // expect: none
{
    std::array<std::uint64_t, 4> local{1, 2, 3, 4};
    local[at & 3] = 9;
    OVM_ASSERT(local[at & 3] == 9);
    return local[(at >> 1) & 3];
}

OVM_VERIFIED std::uint64_t pushed(ovm::Static_vector<std::uint64_t, 8>& list)
{
    static_cast<void>(list.push_back(4)); // expect: check of the library
    return list[0];
}

OVM_VERIFIED void written_on_one_way(Table& table, std::size_t at, bool is_first)
{
    if (at >= table.sums.size())
        return;
    table.sums[0] = 1;
    if (is_first)
        table.sums[at] = 2;
    else
        table.sums[1] = 2;
    OVM_ASSERT(is_first || table.sums[0] == 1);
    OVM_ASSERT(table.sums[0] == 1); // expect: assertion
}

OVM_VERIFIED void written_on_both_ways(Table& table, std::size_t at, bool is_first) // expect: none
{
    if (at >= table.sums.size())
        return;
    auto const before = table.sums[1];
    table.sums[0] = 1;
    if (is_first)
    {
        table.sums[at] = 2;
    }
    else
    {
        table.sums[at] = 3;
        table.sums[1] = 4;
    }
    OVM_ASSERT(table.sums[at] == (is_first ? 2u : at == 1 ? 4u : 3u));
    OVM_ASSERT(at == 0 || table.sums[0] == 1);
    OVM_ASSERT(table.sums[1] == before || !is_first || at == 1);
}
