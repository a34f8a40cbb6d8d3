// Spins for good, with interrupts off: it costs its own time and nobody else's. With `busy` on its command line it
// does not even pause, which an emulator that counts instructions runs much faster.
#include "runtime/boot_information.hpp"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

namespace guest
{
uint32_t guest_main()
{
    bool const busy = boot_information().command_line == "busy";
    print_line("looping for good");
    for (;;)
    {
        if (busy)
            asm volatile("");
        else
            pause();
    }
}
} // namespace guest
