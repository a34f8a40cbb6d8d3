#include "arch/crossing.hpp"

#include <array>
#include <csetjmp>

#include "arch/processor.hpp"

namespace ovm::arch
{

namespace
{

thread_local std::jmp_buf place_to_go_back{};

} // namespace

const Fault* run_crossing(Crossing_body& body)
{
    auto& window = core_window();
    if (setjmp(place_to_go_back) != 0)
    {
        core_window().crossing_mark = 0;
        return &core_window().fault;
    }
    window.crossing_mark = 1;
    body.cross();
    window.crossing_mark = 0;
    return nullptr;
}

void leave_crossing()
{
    std::longjmp(place_to_go_back, 1);
}

} // namespace ovm::arch
