#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "base/bits.hpp"
#include "base/strong.hpp"

namespace ovm::arch
{

/// The HPET's registers, by their offsets.
template <typename T>
concept Event_timer_registers = requires(T registers, const T constant, std::uint32_t offset, std::uint32_t value) {
    { constant.read(offset) } -> std::same_as<std::uint32_t>;
    registers.write(offset, value);
};

/// A comparator of the HPET (IA-PC HPET 1.0a) that interrupts once, when the counter gets there. Both are equally wide,
/// so there is no other interrupt when the counter goes round (2.3.9.2.1).
/// Invariant:   while it is armed, no write makes it a time that has passed, at which an emulator interrupts at once,
///              provided that it was armed last not longer ago than a quarter of 2^32 counts.
/// Concurrency: one core, its NMI between two writes included.
template <Event_timer_registers Registers>
class Event_timer
{
public:
    constexpr Event_timer() = default;
    constexpr explicit Event_timer(Registers registers) : registers_(registers) {}

    /// Lets the counter run and takes the first comparator of its width that can reach one of the inputs of an IOAPIC
    /// behind those of ISA, the last of them that `take(input)` is true for. Nothing: there is none.
    template <typename Take>
    std::optional<std::uint32_t> open(Take&& take)
    {
        auto const capabilities = registers_.read(0);
        femtoseconds_per_count_ = registers_.read(4);
        wide_ = (capabilities & counter_is_wide) != 0;
        if (femtoseconds_per_count_ == 0 || femtoseconds_per_count_ > slowest)
            return std::nullopt;
        auto const comparators = (capabilities >> 8 & 0x1f) + 1;
        for (std::uint32_t i = 0; i < comparators; ++i)
        {
            comparator_ = first_comparator + i * each_comparator;
            if (wide_ && (registers_.read(comparator_) & comparator_is_wide) == 0)
                continue;
            auto const possible = registers_.read(comparator_ + inputs);
            for (std::uint32_t input = 31; input >= 16; --input)
            {
                if ((possible >> input & 1) == 0 || !take(input))
                    continue;
                setting_ = input << 9; // edge, once, as wide as it is
                disarm();
                registers_.write(device, (registers_.read(device) & ~std::uint32_t{legacy_inputs}) | runs);
                return input;
            }
        }
        return std::nullopt;
    }

    void arm(Nanoseconds duration)
    {
        auto const at = count() + duration.value() * 1'000'000 / femtoseconds_per_count_;
        // The old low half under another high one was near its end, and so is still to come.
        auto const high = static_cast<std::uint32_t>(at >> 32);
        if (wide_ && high != high_)
            registers_.write(comparator_ + time + 4, high);
        high_ = high;
        registers_.write(comparator_ + time, static_cast<std::uint32_t>(at));
        registers_.write(comparator_, setting_ | interrupts);
    }
    void disarm() { registers_.write(comparator_, setting_); }

private:
    // Registers, and bits in them (2.3.4 to 2.3.9).
    static constexpr std::uint32_t counter_is_wide = 1 << 13;
    static constexpr std::uint32_t device = 0x10;
    static constexpr std::uint32_t runs = 1;
    static constexpr std::uint32_t legacy_inputs = 2;
    static constexpr std::uint32_t counter = 0xf0;
    static constexpr std::uint32_t first_comparator = 0x100;
    static constexpr std::uint32_t each_comparator = 0x20;
    static constexpr std::uint32_t interrupts = 1 << 2;
    static constexpr std::uint32_t comparator_is_wide = 1 << 5;
    static constexpr std::uint32_t inputs = 4;
    static constexpr std::uint32_t time = 8;
    static constexpr std::uint32_t slowest = 100'000'000; ///< femtoseconds a count

    std::uint64_t count() const
    {
        if (!wide_)
            return registers_.read(counter);
        auto const before = registers_.read(counter + 4);
        auto const low = registers_.read(counter);
        auto const high = registers_.read(counter + 4);
        return std::uint64_t{high} << 32 | (before == high ? low : 0);
    }

    Registers registers_{};
    std::uint32_t femtoseconds_per_count_ = 0;
    std::uint32_t comparator_ = first_comparator;
    std::uint32_t setting_ = 0;
    std::optional<std::uint32_t> high_{}; ///< half of the time at which it interrupts, as it was written last
    bool wide_ = false;
};

} // namespace ovm::arch
