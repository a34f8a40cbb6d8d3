#include "arch/crossing.hpp"

extern "C"
{
    bool crossing_enter(ovm::arch::Crossing_body* body, std::uint64_t* mark);
    [[noreturn]] void crossing_leave(std::uint64_t mark);

    void crossing_body(ovm::arch::Crossing_body* body)
    {
        body->cross();
    }
}

namespace ovm::arch
{

const Fault* run_crossing(Crossing_body& body)
{
    auto& window = core_window();
    return crossing_enter(&body, &window.crossing_mark) ? &window.fault : nullptr;
}

void leave_crossing()
{
    crossing_leave(core_window().crossing_mark);
}

} // namespace ovm::arch
