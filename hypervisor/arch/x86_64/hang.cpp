#include "arch/x86_64/hang.hpp"

#include <atomic>

#include "arch/crossing.hpp"
#include "arch/hang.hpp"
#include "arch/x86_64/image.hpp"
#include "arch/x86_64/last_watch.hpp"

extern "C" [[noreturn]] void crossing_leave(std::uint64_t mark);

namespace ovm::arch
{

namespace
{

constinit std::atomic<bool> hang_wishes_expected{false};

} // namespace

void expect_hang_wishes()
{
    hang_wishes_expected.store(true, std::memory_order_release);
}

bool end_hanging_crossing(Trap_frame& frame)
{
    if (!hang_wishes_expected.load(std::memory_order_acquire))
        return false;
    switch (answer_hang(image_port().contains(Host_virtual(frame.rip)), is_last_watch()))
    {
    case Hang_answer::nothing_asked:
    case Hang_answer::lost:
        return false;
    case Hang_answer::go_on:
        return true;
    case Hang_answer::discard:
        break;
    }
    prepare_discard(
        {.kind = Fault::Kind::hang, .vector = vector::nmi, .what = "the crossing did not end", .at = frame.rip});
    // Left by IRET, which lets the next NMI in, and with a stack that is the crossing's again.
    auto const mark = core_window().crossing_mark;
    frame.rip = reinterpret_cast<std::uint64_t>(&crossing_leave);
    frame.rdi = mark;
    frame.rsp = mark;
    return true;
}

} // namespace ovm::arch
