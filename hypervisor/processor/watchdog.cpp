#include "processor/watchdog.hpp"

#include <utility>

#include "arch/hang.hpp"
#include "arch/processor.hpp"
#include "object/clustered/epoch.hpp"

namespace ovm::processor
{

void Watchdog::begin(Timer_service& timers)
{
    timers_ = &timers;
    fired(timers.now());
}

void Watchdog::fired(Ticks now)
{
    bool const alone = arch::core_count() == 1;
    bool const watched = arch::this_core() == Core_id(0) && arch::renew_last_watch();
    if (alone && !watched)
        return;
    if (!alone)
        look(now);
    timers_->arm(*this, now + arch::to_ticks(interval));
}

void Watchdog::look(Ticks now)
{
    Core_id const neighbour((arch::this_core().value() + 1) % arch::core_count());
    auto const epoch = arch::core_window_of(neighbour).epoch.load(std::memory_order_acquire);
    if (std::exchange(seen_, epoch) != epoch || object::is_quiescent(epoch))
        since_ = now;
    else if (now - since_ > arch::to_ticks(bound))
        arch::interrupt_hanging(neighbour, epoch);
}

} // namespace ovm::processor
