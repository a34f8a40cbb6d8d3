#include "policy/frames/huge_first.hpp"

#include <algorithm>

#include "arch/injection.hpp"

namespace ovm::policy
{

using memory::Block_choice;
using memory::Frame_choice;
using memory::Page_order;

Result<> Huge_first_frames::check(const Parameters& parameters)
{
    if (parameters.reach > Parameters::reach_max || parameters.look < 1 || parameters.look > Parameters::look_max)
        return Error::out_of_range;
    return {};
}

Huge_first_frames::Huge_first_frames(const memory::Frame_pool& pool, const Parameters& parameters)
    : Pool_frames(pool), parameters_(parameters)
{
    OVM_REQUIRES_THAT(check(parameters).has_value());
}

/// The nodes within reach without breaking a 2 MiB block, then without breaking one of 1 GiB, then all nodes.
Result<Frame_choice> Huge_first_frames::choose(const memory::Frame_request& request, std::uint32_t place)
{
    auto const order = request.order;
    Block_choice block{.largest = order,
                       .end = order < memory::large_order ? Block_choice::End::low : Block_choice::End::high,
                       .look = static_cast<std::uint8_t>(parameters_.look)};
    arch::injection_point("huge first: before a block is chosen");
    auto const within_reach = std::min(parameters_.reach + 1, pool_.nodes());
    for (auto const whole : {memory::large_order, memory::huge_order})
    {
        if (order >= whole)
            continue;
        block.largest = Page_order(static_cast<std::uint8_t>(whole.value() - 1));
        if (place < within_reach)
            return Frame_choice{node_behind(request.near, place), block};
        place -= within_reach;
    }
    if (place >= pool_.nodes())
        return Error::no_memory;
    block.largest = memory::huge_order;
    return Frame_choice{node_behind(request.near, place), block};
}

} // namespace ovm::policy
