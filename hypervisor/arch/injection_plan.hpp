#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arch/fault.hpp"

namespace ovm::arch
{

/// What an injection point (arch/injection.hpp) has seen.
struct Injection_place
{
    /// Empty: the entry is free.
    std::string_view text() const;

    std::atomic<const char*> name{nullptr};  ///< nullptr: this entry and all behind it are free
    std::atomic<std::uint64_t> passed{0};    ///< how often any core came by
    std::atomic<std::uint64_t> injected{0};  ///< faults that were to end the crossing
    std::atomic<std::uint64_t> in_commit{0}; ///< due in a commit section, where they would cost the core: spared
    std::atomic<std::uint64_t> in_nobody{0}; ///< due where the hypervisor works for nobody, and as costly: spared
};

/// One fault that is to come true, and what every place has seen.
/// Invariant:   a place has one entry, from its first pass on. At most one fault is armed; it comes due once.
/// Concurrency: pass() on any core. The rest by one at a time: a core that passes meanwhile counts on either side.
/// Failure:     places beyond the table's capacity are not seen, and do not fail.
class Injection_plan final
{
public:
    static constexpr std::size_t most_places = 64;

    /// The fault comes true at the `at`th pass from now: of `place`, or of any if it is null. Requires at > 0.
    void arm(const Injection_place* place, std::uint64_t at, Fault::Kind kind);
    /// Nothing is armed any more. Where the last fault came due since arm(), or null.
    const Injection_place* disarm();
    /// What was counted is forgotten, and nothing armed; the places are still known.
    void forget();

    /// The kind of fault that is to be made here and now, if any; never where the crossing cannot be discarded.
    std::optional<Fault::Kind> pass(const char* name);

    /// Those that any core ever came by.
    std::span<const Injection_place> places() const;
    /// By its name; null if no core came by yet.
    const Injection_place* find(std::string_view name) const;

private:
    Injection_place* entry(const char* name);
    bool is_due(const Injection_place& place);

    std::atomic<std::uint64_t> left_{0}; ///< passes until it comes true; 0: nothing is armed
    std::atomic<Fault::Kind> kind_{Fault::Kind::none};
    std::atomic<const Injection_place*> wanted_{nullptr};
    std::atomic<const Injection_place*> came_true_{nullptr};
    std::array<Injection_place, most_places> places_{};
};

} // namespace ovm::arch
