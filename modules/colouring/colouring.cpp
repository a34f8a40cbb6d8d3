#include "colouring.hpp"

namespace ovm::modules
{

using memory::Block_choice;
using memory::Frame_choice;
using memory::Frame_request;
using memory::Frame_state;

Result<> Colouring::check(object::Values values)
{
    if (!std::has_single_bit(values[0]) || values[0] < 2 || values[0] > 1u << Block_choice::most_colours ||
        values[1] < 1 || values[1] > Block_choice::most_look)
        return Error::out_of_range;
    return {};
}

/// The nodes in a circle, the wished one first: for a VM's page of its own colour, then of any.
Result<Frame_choice> Colouring::choose(const Frame_request& request, std::uint32_t place)
{
    auto const nodes = request.nodes;
    bool const coloured = request.owner != memory::no_owner;
    if (coloured && request.order != memory::small_order)
        return Error::no_memory;
    bool const borrows = coloured && place >= nodes;
    auto const distance = borrows ? place - nodes : place;
    if (distance >= nodes || (borrows && !borrow_))
        return Error::no_memory;
    auto const first = request.near.value() < nodes ? request.near.value() : 0;
    Frame_choice choice{.node = Node_id(distance < nodes - first ? first + distance : distance - (nodes - first))};
    if (coloured && !borrows)
    {
        choice.block.colours = bits_;
        choice.block.colour = static_cast<std::uint8_t>((request.owner.value() - 1) & ((1u << bits_) - 1));
        choice.block.look = look_;
    }
    OVM_ENSURES(choice.node.value() < nodes && choice.block.is_possible(request.order));
    OVM_PROMISES(place != 0 || request.near.value() >= nodes || choice.node == request.near);
    OVM_PROMISES(place < nodes || (coloured && borrow_));
    OVM_PROMISES(!coloured || place >= nodes || has_colour_of(choice.block, request.owner));
    OVM_PROMISES(coloured || choice.block == Block_choice{});
    return choice;
}

Result<> Colouring::export_state(Frame_state& state)
{
    state.turns = carried_.turns;
    return {};
}

Result<> Colouring::import_state(Frame_state& state)
{
    carried_.turns = state.turns;
    return {};
}

} // namespace ovm::modules
