#include "policy/population/progress_keeper.hpp"

#include <algorithm>

namespace ovm::policy
{

using memory::Population_state;

Result<> Progress_keeper::export_state(Population_state& state)
{
    Lock_guard const guard(lock_);
    state.progress = progress_;
    state.ahead = ahead_ && !progress_.is_complete();
    return {};
}

Result<> Progress_keeper::import_state(Population_state& state)
{
    auto const& progress = state.progress;
    if (progress.cursor > progress.end || progress.given > progress.total)
        return Error::invalid;
    if (state.ahead && !ahead_)
        state.lost |= Population_state::rest;
    if (std::ranges::any_of(state.regions, [](auto& region) { return region.touches != 0; }))
        state.lost |= Population_state::learned;
    Lock_guard const guard(lock_);
    progress_ = progress;
    return {};
}

void Progress_keeper::keep(const memory::Population_progress& progress)
{
    Lock_guard const guard(lock_);
    progress_ = progress;
}

} // namespace ovm::policy
