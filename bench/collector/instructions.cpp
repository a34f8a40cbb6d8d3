#include <algorithm>

#include "collector/world.hpp"
#include "support/step_counter.hpp"

namespace ovm::bench
{

namespace
{

/// What is counted is a function that allocates, its call and return included.
[[gnu::noinline, gnu::flatten]] Tree_node* allocate_node(object::Local_heap& heap, object::Quota& quota)
{
    auto made = object::allocate<Tree_node>(heap, quota, 1);
    return made ? *made : nullptr;
}

struct Two_words final : object::Collected
{
    static constexpr std::string_view type_name = "two words";
    OVM_TRACE_MAP
    std::uint64_t one = 1;
    std::uint64_t two = 2;
};

[[gnu::noinline, gnu::flatten]] Two_words* allocate_words(object::Local_heap& heap, object::Quota& quota)
{
    auto made = object::allocate<Two_words>(heap, quota);
    return made ? *made : nullptr;
}

[[gnu::noinline]] void store(object::Traced<Tree_node>& field, Tree_node* node)
{
    field = node;
}

/// The same without the barrier: what a plain field costs.
[[gnu::noinline]] void store_plain(std::atomic<Tree_node*>& field, Tree_node* node)
{
    field.store(node, std::memory_order_release);
}

std::uint64_t median(std::vector<std::uint64_t> values)
{
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

void measure_instructions()
{
    constexpr int rounds = 1000;
    auto counted = [](auto operation)
    {
        return count_instructions(
            [operation]
            {
                World world;
                auto const node = allocate_node(world.heap, world.quota);
                object::Traced<Tree_node> field;
                std::atomic<Tree_node*> plain{nullptr};
                for (int i = 0; i < rounds; ++i)
                {
                    mark();
                    operation(world, node, field, plain);
                    mark();
                }
            });
    };
    using Field = object::Traced<Tree_node>;
    using Plain = std::atomic<Tree_node*>;
    auto const node = counted([](World& world, Tree_node*, Field&, Plain&) { allocate_node(world.heap, world.quota); });
    auto const words =
        counted([](World& world, Tree_node*, Field&, Plain&) { allocate_words(world.heap, world.quota); });
    auto const stored = counted([](World&, Tree_node* to, Field& field, Plain&) { store(field, to); });
    auto const plain = counted([](World&, Tree_node* to, Field&, Plain& field) { store_plain(field, to); });
    std::uint64_t sum = 0;
    for (auto const count : node)
        sum += count;
    figure("allocate-instructions", static_cast<double>(median(node)));
    figure("allocate-two-words-instructions", static_cast<double>(median(words)));
    figure("allocate-mean-instructions", static_cast<double>(sum) / rounds);
    figure("allocate-longest-instructions", static_cast<double>(std::ranges::max(node)));
    figure("barrier-instructions", static_cast<double>(median(stored) - median(plain) + 1)); // with the store itself
}

} // namespace ovm::bench

#include "collector/instructions.generated.hpp"
