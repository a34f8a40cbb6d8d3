#pragma once

#include "collector/world.hpp"

namespace ovm::bench
{

/// A binary tree of graph_size nodes, each with a third link to any node. Nodes are made in the order of their numbers.
inline void build_graph(World& world, object::Traced<Tree_node>& root)
{
    std::vector<Tree_node*> nodes;
    nodes.reserve(graph_size);
    Random random;
    for (std::uint64_t i = 0; i < graph_size; ++i)
    {
        auto made = object::allocate<Tree_node>(world.heap, world.quota, i);
        if (!made)
        {
            std::fprintf(stderr, "no memory for the graph\n");
            std::exit(1);
        }
        nodes.push_back(*made);
        if (i != 0)
            nodes[(i - 1) / 2]->links[(i - 1) % 2] = *made;
        (*made)->links[2] = nodes[random() % nodes.size()];
    }
    root = nodes.front();
}

} // namespace ovm::bench
