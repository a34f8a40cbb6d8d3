#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

/// Text on COM1, and the ways for a guest to end.
namespace guest
{
struct Hex
{
    uint64_t value;
};

void initialise_serial();

/// Takes the line's lock so that processors do not mix their lines.
void lock_line();
void unlock_line();

void print(char character);
void print(std::string_view text);
void print(Hex value);
void print_decimal(uint64_t value);

inline void print(const char* text)
{
    print(std::string_view{text});
}

template <std::integral Integer>
    requires(!std::same_as<Integer, char>)
void print(Integer value)
{
    print_decimal(static_cast<uint64_t>(value));
}

/// One whole line; callable from every processor.
template <class... Parts>
void print_line(const Parts&... parts)
{
    lock_line();
    (print(parts), ...);
    print('\n');
    unlock_line();
}

/// Writes the status to the debug-exit port (0xf4); when nothing listens there, halts for good.
[[noreturn]] void exit_guest(uint32_t status);

/// Halts with interrupts off.
[[noreturn]] void halt_for_good();

/// Prints the reason and exits with 1.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts)
{
    print_line("FAILED: ", parts...);
    exit_guest(1);
}
} // namespace guest
