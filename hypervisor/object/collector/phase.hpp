#pragma once

#include <cstdint>
#include <string_view>

namespace ovm::object
{

/// What a collection goes through. Each change is a ragged handshake: a core adopts the new phase at its next safe
/// point, and the one after begins when all have, or were quiescent (Doligez, Leroy, Gonthier, 1993 and 1994).
enum class Phase : std::uint8_t
{
    arming,   ///< cores begin to record what they overwrite
    greying,  ///< all record: no crossing that begins now holds what was overwritten unrecorded. Objects are born
              ///< grey
    marking,  ///< roots and grey objects are looked at, until none is left on any core. Objects are born black
    closing,  ///< nothing white can be reached. Cores stop recording: the epoch before the sweep
    sweeping, ///< white objects are freed
    idle,
};

constexpr std::string_view to_text(Phase phase)
{
    switch (phase)
    {
    case Phase::arming:
        return "arming";
    case Phase::greying:
        return "greying";
    case Phase::marking:
        return "marking";
    case Phase::closing:
        return "closing";
    case Phase::sweeping:
        return "sweeping";
    case Phase::idle:
        return "idle";
    }
    return "unknown";
}

/// A phase of a collection, all of them in one row, so that one word tells it.
class Step
{
public:
    static constexpr std::uint64_t phases = 6;

    constexpr explicit Step(std::uint64_t value) : value_(value) {}
    constexpr Step(std::uint64_t cycle, Phase phase) : value_(cycle * phases + static_cast<std::uint64_t>(phase)) {}

    constexpr std::uint64_t value() const { return value_; }
    constexpr Phase phase() const { return static_cast<Phase>(value_ % phases); }
    constexpr std::uint64_t cycle() const { return value_ / phases; }
    constexpr Step next() const { return Step(value_ + 1); }
    constexpr bool operator==(const Step&) const = default;

    /// Before the mark all are born white; those of greying turn grey at once.
    constexpr bool is_born_grey() const { return phase() == Phase::greying; }
    constexpr bool records_deletions() const { return phase() <= Phase::marking; }

private:
    std::uint64_t value_;
};

} // namespace ovm::object
