#include "policy/frames/interleave.hpp"

#include "base/bits.hpp"

namespace ovm::policy
{

namespace
{

std::uint32_t known_nodes(const memory::Frame_pool& pool)
{
    return static_cast<std::uint32_t>(bit(pool.nodes()) - 1);
}

} // namespace

Result<> Interleave_frames::check(const Parameters& parameters, const memory::Frame_pool& pool)
{
    if (parameters.nodes > Parameters::nodes_max)
        return Error::out_of_range;
    if ((parameters.nodes & known_nodes(pool)) == 0)
        return Error::invalid;
    return {};
}

Interleave_frames::Interleave_frames(const memory::Frame_pool& pool, const Parameters& parameters) : Pool_frames(pool)
{
    OVM_REQUIRES_THAT(check(parameters, pool).has_value());
    for (std::uint32_t node = 0; node < pool.nodes(); ++node)
    {
        if ((parameters.nodes & bit(node)) != 0)
            circle_[count_++] = node;
    }
}

/// The turn is over once its node was named, whether that has anything or not: what it lacks the next ones give.
Result<memory::Frame_choice> Interleave_frames::choose(const memory::Frame_request& request, std::uint32_t place)
{
    auto const order = request.order.value();
    OVM_REQUIRES_THAT(order < memory::page_orders);
    if (place == 0)
        return choice_of(turns_[order].fetch_add(1, std::memory_order_relaxed));
    if (place < count_)
        return choice_of(turns_[order].load(std::memory_order_relaxed) + place - 1);
    if (place - count_ >= pool_.nodes())
        return Error::no_memory;
    return memory::Frame_choice{.node = Node_id(place - count_)};
}

memory::Frame_choice Interleave_frames::choice_of(std::uint64_t turn) const
{
    return {.node = Node_id(circle_[turn % count_])};
}

std::uint32_t Interleave_frames::place_of(std::uint32_t node) const
{
    for (std::uint32_t i = 0; i < count_; ++i)
    {
        if (circle_[i] == node)
            return i;
    }
    return no_place;
}

Result<> Interleave_frames::export_state(memory::Frame_state& state)
{
    for (std::size_t order = 0; order < memory::page_orders; ++order)
        state.turns[order] = circle_[turns_[order].load(std::memory_order_relaxed) % count_];
    return {};
}

Result<> Interleave_frames::import_state(memory::Frame_state& state)
{
    OVM_TRY(Pool_frames::import_state(state));
    for (std::size_t order = 0; order < memory::page_orders; ++order)
    {
        auto place = place_of(state.turns[order]);
        if (place == no_place)
        {
            state.lost |= memory::Frame_state::turn;
            place = 0;
        }
        turns_[order].store(place, std::memory_order_relaxed);
    }
    return {};
}

} // namespace ovm::policy
