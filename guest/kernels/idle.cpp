// Halts with interrupts off: nothing can wake this machine.
#include "runtime/lapic.hpp"
#include "runtime/print.hpp"
#include "runtime/processors.hpp"

namespace guest
{
uint32_t guest_main()
{
    lapic::enable();
    const uint32_t processors = start_processors([](uint32_t) {});
    print_line("halting ", processors, " processors for good");
    halt_for_good();
}
} // namespace guest
