#include "arch/crossing.hpp"
#include "arch/lock.hpp"

namespace ovm::arch
{

void discard_crossing(const Fault& fault)
{
    auto& window = core_window();
    if (window.crossing_mark == 0 || window.domain == Fault_domain::none || window.commit_sections != 0)
        return;
    window.fault = fault;
    for (std::size_t rank = 0; rank < lock_ranks; ++rank)
    {
        if ((window.held_ranks >> rank & 1) != 0)
            window.held_locks[rank]->abandon();
    }
    window.held_ranks = 0;
    leave_crossing();
}

} // namespace ovm::arch
