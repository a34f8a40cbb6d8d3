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

First_touch_frames::First_touch_frames(memory::Frame_pool& pool, const Parameters& parameters)
    : Pool_frames(pool), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Result<Host_physical> First_touch_frames::allocate(memory::Page_order order, Node_id near)
{
    arch::injection_point("first touch: before a block is chosen");
    return allocate_around(near.value(), parameters_.reach + 1, order);
}

} // namespace ovm::policy
