#include "policy/population/progress_keeper.hpp"

namespace ovm::policy
{

using memory::Population_state;

Result<> Progress_keeper::export_state(Population_state& state)
{
    Lock_guard const guard(lock_);
    state.progress = progress_;
    state.regions = regions_;
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
    Lock_guard const guard(lock_);
    progress_ = progress;
    regions_ = state.regions;
    return {};
}

void Progress_keeper::keep(const memory::Population_progress& progress)
{
    Lock_guard const guard(lock_);
    progress_ = progress;
}

} // namespace ovm::policy
