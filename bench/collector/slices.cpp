#include <algorithm>

#include "collector/graph.hpp"
#include "collector/world.hpp"
#include "support/step_counter.hpp"

namespace ovm::bench
{

void measure_slices()
{
    // Every slice of 1 million objects' collection step by step would take an hour: one in `every`, and of those around
    // a change of phase each.
    constexpr std::uint64_t every = 200;
    auto const counts = count_instructions(
        []
        {
            World world;
            auto* const root = new Table<Tree_node>(1);
            world.heap.add(*root);
            build_graph(world, root->slots[0]);
            world.collector.begin();
            std::uint64_t number = 0;
            auto phase = object::Phase::idle;
            std::uint64_t since_change = 0;
            while (world.collector.step().phase() != object::Phase::idle)
            {
                // Some of what lives is dropped, and some garbage is made.
                if (number % 8 == 0)
                    static_cast<void>(object::allocate<Tree_node>(world.heap, world.quota, number));
                since_change = world.collector.step().phase() == phase ? since_change + 1 : 0;
                phase = world.collector.step().phase();
                auto const counted = number++ % every == 0 || since_change < 3;
                if (counted)
                    mark();
                world.heap.safe_point();
                world.heap.run_slice(policy::Paced_collection::most_at_once);
                if (counted)
                    mark();
            }
            // The garbage of the next one is everything: sweeps that free.
            root->slots[0] = nullptr;
            world.collector.begin();
            while (world.collector.step().phase() != object::Phase::idle)
            {
                auto const counted = number++ % every == 0;
                if (counted)
                    mark();
                world.heap.safe_point();
                world.heap.run_slice(policy::Paced_collection::most_at_once);
                if (counted)
                    mark();
            }
        });
    auto sorted = counts;
    std::ranges::sort(sorted);
    figure("slice-longest-instructions", static_cast<double>(sorted.back()));
    figure("slice-median-instructions", static_cast<double>(sorted[sorted.size() / 2]));
    figure("slices-counted", static_cast<double>(sorted.size()));
}

} // namespace ovm::bench
