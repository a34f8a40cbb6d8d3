#include "working_set.hpp"

#include <algorithm>

namespace ovm::modules
{

using memory::Neighbours;
using memory::Population_progress;
using memory::Population_state;
using memory::Touched_region;

Result<> Working_set::check(object::Values values)
{
    if (!std::has_single_bit(values[0]) || values[0] > most_given)
        return Error::out_of_range;
    return {};
}

Result<Bytes> Working_set::ahead(const Population_progress& progress)
{
    progress_ = progress;
    return Bytes{0};
}

std::uint32_t Working_set::touches_of(std::uint64_t region) const
{
    auto const& place = regions_[region % places];
    return place.number == region ? std::min(place.touches, Touched_region::most_touches) : 0;
}

/// How often the region has earned to be taken for touched, this time included.
std::uint32_t Working_set::note_touch(std::uint64_t region)
{
    auto touches = touches_of(region);
    [[maybe_unused]] auto const before = touches;
    if (touches == 0)
    {
        auto const below = region == 0 ? 0 : touches_of(region - 1);
        touches = std::max(below, touches_of(region + 1)) / 2;
    }
    touches = std::min(touches + 1, Touched_region::most_touches);
    auto& place = regions_[region % places];
    place.number = region;
    place.touches = touches;
    OVM_PROMISES(touches == touches_of(region) && touches >= 1 && touches <= Touched_region::most_touches);
    OVM_PROMISES(before == 0 || touches == before + 1 || before == Touched_region::most_touches);
    OVM_PROMISES(before != 0 || touches <= Touched_region::most_touches / 2 + 1);
    return touches;
}

Result<Neighbours> Working_set::touched(Guest_physical page)
{
    auto const number = page.value() / page_size.value();
    auto const touches = note_touch(number / Touched_region::pages);
    auto const wanted = std::uint32_t{1} << std::min(touches - 1, 4u);
    auto const around = std::min(wanted, most_);
    auto const before = static_cast<std::uint16_t>(number & (around - 1));
    OVM_ENSURES(before < around && around <= most_given);
    OVM_PROMISES(around == most_ || (around < most_ && around == std::uint64_t{1} << (touches - 1)));
    OVM_PROMISES(touches > 4 || around <= std::uint32_t{1} << (touches - 1));
    OVM_PROMISES(((number - before) & (around - 1)) == 0);
    return Neighbours{.before = before, .behind = static_cast<std::uint16_t>(around - 1 - before)};
}

Result<> Working_set::export_state(Population_state& state)
{
    state.progress = progress_;
    state.regions = regions_;
    return {};
}

Result<> Working_set::import_state(Population_state& state)
{
    if (state.progress.cursor > state.progress.end || state.progress.given > state.progress.total)
        return Error::invalid;
    if (state.ahead)
        state.lost |= Population_state::rest;
    progress_ = state.progress;
    for (auto const& region : state.regions)
    {
        auto& place = regions_[region.number % places];
        if (region.touches != 0)
        {
            place.number = region.number;
            place.touches = region.touches;
        }
    }
    OVM_PROMISES(progress_.cursor <= progress_.end && progress_.given <= progress_.total);
    OVM_PROMISES(!state.ahead || (state.lost & Population_state::rest) != 0);
    return {};
}

} // namespace ovm::modules
