#include "arch/hang.hpp"

#include <utility>

#include "arch/crossing.hpp"
#include "arch/lock.hpp"

namespace ovm::arch
{

Hang_answer answer_hang(bool in_port)
{
    auto& window = core_window();
    auto const wish = window.hang_seen.exchange(0, std::memory_order_acq_rel);
    if (wish == 0)
        return Hang_answer::nothing_asked;
    if (wish != window.epoch.load(std::memory_order_relaxed))
        return Hang_answer::go_on;
    if (std::exchange(window.hang_epoch, wish) != wish)
        window.hang_wishes = 0;
    if (++window.hang_wishes < (window.domain == Fault_domain::job ? hang_patience_with_jobs : hang_patience))
        return Hang_answer::go_on;
    // Who waits for another's lock is not the one that hangs.
    if (!in_port && can_discard(window) && !waits_for_lock(window))
        return Hang_answer::discard;
    return window.hang_wishes < hang_last_patience ? Hang_answer::go_on : Hang_answer::lost;
}

} // namespace ovm::arch
