#include "arch/hang.hpp"

#include <utility>

#include "arch/crossing.hpp"
#include "arch/lock.hpp"

namespace ovm::arch
{

namespace
{

/// NMIs that a core can have before it: one whose handler runs, one that waits for that.
constexpr std::uint32_t most_due = 2;

/// This NMI is that of a wish. Those that met as one leave a wish behind, for which the next NMI is taken.
bool take_wish(Core_window& window)
{
    auto due = window.hang_due.load(std::memory_order_acquire);
    while (due != 0 && !window.hang_due.compare_exchange_weak(due, due - 1, std::memory_order_acq_rel))
        continue;
    return due != 0;
}

} // namespace

void note_wish(Core_id core, std::uint64_t epoch)
{
    auto& window = core_window_of(core);
    window.hang_seen.store(epoch, std::memory_order_release);
    if (window.hang_due.load(std::memory_order_relaxed) < most_due)
        window.hang_due.fetch_add(1, std::memory_order_release);
}

Hang_answer answer_hang(bool in_port, bool watch_is_over)
{
    auto& window = core_window();
    auto const epoch = window.epoch.load(std::memory_order_relaxed);
    if (!watch_is_over && !take_wish(window))
        return Hang_answer::nothing_asked;
    auto const wish = watch_is_over ? epoch : window.hang_seen.load(std::memory_order_acquire);
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
