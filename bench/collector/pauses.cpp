#include <algorithm>

#include <gc.h>

#include "collector/graph.hpp"

namespace ovm::bench
{

namespace
{

constexpr std::uint64_t garbage = 3'000'000;

struct Boehm_node
{
    std::array<Boehm_node*, 3> links{};
    std::uint64_t value = 0;
};

Boehm_node* boehm_root = nullptr; // in static data, where that collector looks for roots

double longest_boehm_pause()
{
    GC_INIT();
    GC_enable_incremental();
    auto* const nodes = static_cast<Boehm_node**>(GC_malloc_uncollectable(graph_size * sizeof(Boehm_node*)));
    Random random;
    for (std::uint64_t i = 0; i < graph_size; ++i)
    {
        nodes[i] = static_cast<Boehm_node*>(GC_malloc(sizeof(Boehm_node)));
        nodes[i]->value = i;
        if (i != 0)
            nodes[(i - 1) / 2]->links[(i - 1) % 2] = nodes[i];
        nodes[i]->links[2] = nodes[random() % (i + 1)];
    }
    boehm_root = nodes[0];
    GC_free(nodes);
    double longest = 0;
    for (std::uint64_t i = 0; i < garbage; ++i)
    {
        auto const begin = now_ms();
        auto* const node = static_cast<Boehm_node*>(GC_malloc(sizeof(Boehm_node)));
        longest = std::max(longest, now_ms() - begin);
        node->value = i;
        if (i % 64 == 0)
            boehm_root->links[2] = node;
    }
    figure("boehm-collections", static_cast<double>(GC_get_gc_no()));
    return longest;
}

double longest_slice(std::uint64_t& collections)
{
    World world;
    Table<Tree_node> root(1);
    world.heap.add(root);
    build_graph(world, root.slots[0]);
    double longest = 0;
    auto const before = world.collector.step().cycle();
    for (std::uint64_t i = 0; i < garbage; ++i)
    {
        auto const begin = now_ms();
        auto made = object::allocate<Tree_node>(world.heap, world.quota, i);
        longest = std::max(longest, now_ms() - begin);
        if (i % 64 == 0 && made)
            root.slots[0]->links[2] = *made;
        if (i % 16 != 0)
            continue;
        for (bool more = true; more;)
        {
            auto const slice = now_ms();
            world.heap.safe_point();
            more = world.heap.slice();
            longest = std::max(longest, now_ms() - slice);
        }
    }
    collections = world.collector.step().cycle() - before;
    world.heap.leave();
    return longest;
}

} // namespace

void measure_pauses()
{
    // The least of three longest, each: what the machine itself adds is in the others.
    double ours = 1e9;
    std::uint64_t collections = 0;
    for (int round = 0; round < 3; ++round)
        ours = std::min(ours, longest_slice(collections));
    auto const theirs = longest_boehm_pause();
    figure("collections", static_cast<double>(collections));
    figure("slice-longest-ms", ours);
    figure("boehm-longest-pause-ms", theirs);
    figure("pause-ratio", theirs / ours);
}

} // namespace ovm::bench
