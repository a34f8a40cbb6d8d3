// Halts again and again until its timer wakes it, which may fall due just before it halts, while it does, or after: an
// interrupt that came between STI and HLT would leave it asleep for ever.
// `halts=N` (5000) for each processor.
#include <atomic>

#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

namespace guest
{
namespace
{
constexpr uint8_t vector = 0x40;
constexpr uint32_t longest = 100000; ///< in counts of the timer

constinit std::atomic<uint32_t> finished{0};

void halt_again_and_again(uint32_t number)
{
    lapic::write(lapic::Register::timer_divide, 0xb);
    lapic::write(lapic::Register::timer, vector);
    const uint64_t halts = number_option("halts", 5000);
    for (uint64_t halt = 0; halt < halts; ++halt)
    {
        // Steps that are prime to the range: every moment comes.
        lapic::write(lapic::Register::timer_initial_count, 1 + static_cast<uint32_t>(halt * 7919 % longest));
        asm volatile("sti; hlt; cli" : : : "memory");
    }
    print_line("wakes: processor ", number, " woke ", halts, " times");
    finished.fetch_add(1);
}
} // namespace

uint32_t guest_main()
{
    lapic::enable();
    set_trap_handler(vector, [](Trap_frame&) { lapic::end_interrupt(); });
    const uint32_t processors = start_processors(halt_again_and_again);
    halt_again_and_again(0);
    while (finished.load() < processors)
    {
        pause();
    }
    return 0;
}
} // namespace guest
