#include "policy/frames/huge_first.hpp"

#include "arch/injection.hpp"

namespace ovm::policy
{

using memory::Block_choice;
using memory::Page_order;

Result<> Huge_first_frames::check(const Parameters& parameters)
{
    if (parameters.reach > Parameters::reach_max || parameters.look < 1 || parameters.look > Parameters::look_max)
        return Error::out_of_range;
    return {};
}

Huge_first_frames::Huge_first_frames(memory::Frame_pool& pool, const Parameters& parameters)
    : Pool_frames(pool), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

Result<Host_physical> Huge_first_frames::allocate(Page_order order, Node_id near)
{
    Block_choice choice{.largest = order,
                        .end = order < memory::large_order ? Block_choice::End::low : Block_choice::End::high,
                        .look = static_cast<std::uint8_t>(parameters_.look)};
    arch::injection_point("huge first: before a block is chosen");
    for (auto const whole : {memory::large_order, memory::huge_order})
    {
        if (order >= whole)
            continue;
        choice.largest = Page_order(static_cast<std::uint8_t>(whole.value() - 1));
        auto frame = allocate_around(near.value(), parameters_.reach + 1, order, choice);
        if (frame)
            return frame;
    }
    choice.largest = memory::huge_order;
    return allocate_around(near.value(), pool_.nodes(), order, choice);
}

} // namespace ovm::policy
