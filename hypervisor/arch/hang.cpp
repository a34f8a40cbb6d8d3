#include "arch/hang.hpp"

#include <utility>

#include "arch/crossing.hpp"
#include "arch/lock.hpp"

namespace ovm::arch
{

Hang_answer answer_hang(bool in_port, bool watch_is_over)
{
    auto& window = core_window();
    auto const epoch = window.epoch.load(std::memory_order_relaxed);
    auto const asked = window.hang_seen.exchange(0, std::memory_order_acq_rel);
    if (asked == 0 && !watch_is_over)
        return Hang_answer::nothing_asked;
    auto const wish = watch_is_over ? epoch : asked;
    bool const in_crossing = (epoch & 1) != 0;
    if (wish != epoch || !in_crossing)
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
