#include "arch/hosted/injection.hpp"

#include <atomic>

#include "arch/crossing.hpp"
#include "arch/injection.hpp"

namespace ovm::arch
{

namespace
{

/// Only then a point costs more than a look.
constinit std::atomic<Injection_plan*> watching{nullptr};

} // namespace

void injection_point(const char* place)
{
    auto* const plan = watching.load(std::memory_order_relaxed);
    if (plan == nullptr)
        return;
    if (auto const kind = plan->pass(place))
        discard_crossing({.kind = *kind, .what = place});
}

Injection_plan& hosted::injection_plan()
{
    static auto* const the = new Injection_plan;
    watching.store(the, std::memory_order_relaxed);
    return *the;
}

} // namespace ovm::arch
