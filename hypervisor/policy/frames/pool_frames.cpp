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

} // namespace ovm::policy
