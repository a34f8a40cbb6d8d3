#include "policy/frames/pool_frames.hpp"

#include <algorithm>

namespace ovm::policy
{

Result<> Pool_frames::export_state(memory::Frame_state& state)
{
    state.turns = carried_.turns;
    return {};
}

Result<> Pool_frames::import_state(memory::Frame_state& state)
{
    if (std::ranges::any_of(state.turns, [this](std::uint32_t node) { return node >= pool_.nodes(); }))
        return Error::invalid;
    carried_.turns = state.turns;
    return {};
}

Result<Host_physical> Pool_frames::allocate_around(std::uint32_t first, std::uint32_t count, memory::Page_order order,
                                                   const memory::Block_choice& choice)
{
    auto const nodes = pool_.nodes();
    for (std::uint32_t i = 0; i < std::min(count, nodes); ++i)
    {
        auto frame = pool_.allocate(Node_id((first + i) % nodes), order, choice);
        if (frame)
            return frame;
    }
    return Error::no_memory;
}

} // namespace ovm::policy
