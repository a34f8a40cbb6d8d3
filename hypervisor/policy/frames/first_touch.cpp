#include "policy/frames/first_touch.hpp"

#include "arch/injection.hpp"

namespace ovm::policy
{

Result<> First_touch_frames::check(const Parameters& parameters)
{
    if (parameters.reach > Parameters::reach_max)
        return Error::out_of_range;
    return {};
}

First_touch_frames::First_touch_frames(const memory::Frame_pool& pool, const Parameters& parameters)
    : Pool_frames(pool), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Result<memory::Frame_choice> First_touch_frames::choose(const memory::Frame_request& request, std::uint32_t place)
{
    arch::injection_point("first touch: before a block is chosen");
    if (place > parameters_.reach || place >= pool_.nodes())
        return Error::no_memory;
    return memory::Frame_choice{.node = node_behind(request.near, place)};
}

} // namespace ovm::policy
