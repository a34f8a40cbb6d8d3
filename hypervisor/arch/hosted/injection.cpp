#include "arch/hosted/injection.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "arch/crossing.hpp"
#include "arch/injection.hpp"

namespace ovm::arch
{

namespace
{

struct Plan
{
    std::mutex mutex{};
    std::string place{};
    std::uint64_t left = 0; ///< 0: nothing is armed
    Fault::Kind kind = Fault::Kind::injected;
    std::string came_true{};
    std::map<std::string, hosted::Injection_count, std::less<>> counts{};
};

Plan& plan()
{
    static auto* const the = new Plan;
    return *the;
}

/// Only then a point costs more than a look.
constinit std::atomic<bool> watching{false};

/// Whether the fault comes true here, and its kind.
std::optional<Fault::Kind> comes_true(std::string_view place)
{
    auto& the = plan();
    std::lock_guard const guard(the.mutex);
    auto& count = the.counts[std::string(place)];
    ++count.passed;
    if (the.left == 0 || (!the.place.empty() && the.place != place) || --the.left != 0)
        return {};
    the.came_true = place;
    if (!can_discard(core_window()))
    {
        ++(core_window().commit_sections != 0 ? count.in_commit : count.refused);
        return {};
    }
    ++count.injected;
    return the.kind;
}

} // namespace

void injection_point(std::string_view place)
{
    if (!watching.load(std::memory_order_relaxed))
        return;
    if (auto const kind = comes_true(place))
        discard_crossing({.kind = *kind, .what = place});
}

namespace hosted
{

void arm_injection(std::string_view place, std::uint64_t at, Fault::Kind kind)
{
    auto& the = plan();
    std::lock_guard const guard(the.mutex);
    the.place = place;
    the.left = at;
    the.kind = kind;
    the.came_true.clear();
    watching.store(true);
}

std::string take_injection()
{
    auto& the = plan();
    std::lock_guard const guard(the.mutex);
    the.left = 0;
    return std::exchange(the.came_true, {});
}

std::map<std::string, Injection_count, std::less<>> injection_counts()
{
    std::lock_guard const guard(plan().mutex);
    return plan().counts;
}

void forget_injections()
{
    std::lock_guard const guard(plan().mutex);
    plan().left = 0;
    plan().counts.clear();
    watching.store(false);
}

} // namespace hosted

} // namespace ovm::arch
