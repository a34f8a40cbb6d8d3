#include "arch/injection_plan.hpp"

#include "arch/core_window.hpp"
#include "arch/crossing.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

namespace
{

[[clang::annotate("ovm::trusted", "places are literals, which end with a zero")]]
std::string_view text_of(const char* literal)
{
    return literal == nullptr ? std::string_view() : std::string_view(literal);
}

} // namespace

std::string_view Injection_place::text() const
{
    return text_of(name.load(std::memory_order_acquire));
}

void Injection_plan::arm(const Injection_place* place, std::uint64_t at, Fault::Kind kind)
{
    OVM_REQUIRES_THAT(at > 0);
    disarm();
    wanted_.store(place, std::memory_order_relaxed);
    kind_.store(kind, std::memory_order_relaxed);
    left_.store(at, std::memory_order_release);
}

const Injection_place* Injection_plan::disarm()
{
    left_.store(0, std::memory_order_relaxed);
    return came_true_.exchange(nullptr, std::memory_order_acq_rel);
}

void Injection_plan::forget()
{
    disarm();
    for (auto& place : places_)
    {
        for (auto* const count : {&place.passed, &place.injected, &place.in_commit, &place.in_nobody})
            count->store(0, std::memory_order_relaxed);
    }
}

std::optional<Fault::Kind> Injection_plan::pass(const char* name)
{
    auto* const place = entry(name);
    if (place == nullptr)
        return {};
    place->passed.fetch_add(1, std::memory_order_relaxed);
    if (!is_due(*place))
        return {};
    came_true_.store(place, std::memory_order_release);
    auto const& window = core_window();
    if (!can_discard(window))
    {
        auto& spared = window.commit_sections != 0 ? place->in_commit : place->in_nobody;
        spared.fetch_add(1, std::memory_order_relaxed);
        return {};
    }
    place->injected.fetch_add(1, std::memory_order_relaxed);
    return kind_.load(std::memory_order_relaxed);
}

std::span<const Injection_place> Injection_plan::places() const
{
    std::size_t known = 0;
    while (known < places_.size() && places_[known].name.load(std::memory_order_acquire) != nullptr)
        ++known;
    return std::span(places_).first(known);
}

const Injection_place* Injection_plan::find(std::string_view name) const
{
    for (auto const& place : places())
    {
        if (place.text() == name)
            return &place;
    }
    return nullptr;
}

Injection_place* Injection_plan::entry(const char* name)
{
    for (auto& place : places_)
    {
        const char* known = nullptr;
        if (place.name.compare_exchange_strong(known, name, std::memory_order_acq_rel))
            return &place;
        // The same text has an address of its own in each source that a template's place is compiled in.
        if (known == name || text_of(known) == text_of(name))
            return &place;
    }
    return nullptr;
}

bool Injection_plan::is_due(const Injection_place& place)
{
    auto left = left_.load(std::memory_order_acquire);
    auto const* const wanted = wanted_.load(std::memory_order_relaxed);
    if (wanted != nullptr && wanted != &place)
        return false;
    while (left != 0 && !left_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel))
        continue;
    return left == 1;
}

} // namespace ovm::arch
