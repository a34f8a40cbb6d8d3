#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

/// What the parts of the hostile guest share: its dice, and a way back after each misdeed.
namespace guest::hostile
{
/// SplitMix64; one per processor, so that a seed means the same sequence each time.
class Dice
{
public:
    void seed(uint64_t seed);
    uint64_t word();
    uint64_t below(uint64_t limit);
    bool one_in(uint64_t chances);

    /// A value that code tends to trip over: zero, all ones, one bit, small, an edge of memory, or noise.
    uint64_t trap_value();

    template <class Value, size_t count>
    Value pick(const Value (&choices)[count])
    {
        return choices[below(count)];
    }

private:
    uint64_t state_ = 0;
};

Dice& dice();

/// Memory that may be overwritten at will, one area per processor.
inline constexpr size_t scratch_bytes = 0x4000;
uint64_t scratch();

/// Puts control registers, descriptor tables and the task register back.
void remember_registers();
void restore_registers();

/// Runs misdeed and restores; returns the vector that ended it or no_exception.
int misdeed(void (*work)(void*), void* argument);

template <class Work>
int misdeed(Work&& work)
{
    using Plain = std::remove_reference_t<Work>;
    return misdeed([](void* argument) { (*static_cast<Plain*>(argument))(); }, &work);
}

/// While it lives, code that runs with TF set ends its misdeed after 64 steps, so that control
/// that went astray comes back.
class Leash
{
public:
    Leash();
    ~Leash();
    Leash(const Leash&) = delete;
    Leash& operator=(const Leash&) = delete;
};

inline constexpr uint64_t trap_flag = 0x100;

/// First address past RAM below 4 GiB; there is nothing behind it.
uint64_t end_of_ram();

void execute_instructions(uint64_t steps);
void write_ports(uint64_t steps);
void write_model_registers(uint64_t steps);
void bend_page_tables(uint64_t steps);
void touch_holes(uint64_t steps);
void raise_alignment_checks(uint64_t steps);
void raise_debug_exceptions(uint64_t steps);

/// Ends the machine as `end=` says; does not return unless the name is unknown.
void end_by(std::string_view way);
} // namespace guest::hostile
