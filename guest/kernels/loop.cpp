// Spins for good, with interrupts off: it costs its own time and nobody else's.
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

namespace guest
{
uint32_t guest_main()
{
    print_line("looping for good");
    for (;;)
    {
        pause();
    }
}
}
