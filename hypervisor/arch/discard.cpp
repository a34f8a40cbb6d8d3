#include <bit>

#include "arch/crossing.hpp"
#include "arch/lock.hpp"

namespace ovm::arch
{

bool can_discard(const Core_window& window)
{
    return window.crossing_mark != 0 && window.domain != Fault_domain::none && window.commit_sections == 0;
}

void prepare_discard(const Fault& fault)
{
    auto& window = core_window();
    window.fault = fault;
    // Nothing can be discarded while something is undone: a fault in there finds a commit section.
    window.commit_sections = 1;
    for (Undo* each = std::exchange(window.undo, nullptr); each != nullptr; each = each->before_)
        each->undo();
    window.commit_sections = 0;
    for (std::size_t rank = 0; rank < lock_ranks; ++rank)
    {
        if ((window.held_ranks >> rank & 1) != 0)
            window.held_locks[rank]->abandon();
    }
    window.held_ranks = 0;
}

bool waits_for_lock(const Core_window& window)
{
    if (window.held_ranks == 0)
        return false;
    return !window.held_locks[static_cast<std::size_t>(std::bit_width(window.held_ranks) - 1)]->is_mine();
}

void discard_crossing(const Fault& fault)
{
    if (!can_discard(core_window()))
        return;
    prepare_discard(fault);
    leave_crossing();
}

} // namespace ovm::arch
