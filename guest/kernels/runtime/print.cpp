#include "runtime/print.hpp"

#include <array>
#include <atomic>

#include "runtime/processor.hpp"

namespace guest
{
namespace
{
constexpr uint16_t serial_port = 0x3f8;
constexpr uint16_t debug_exit_port = 0xf4;

constinit std::atomic<bool> line_taken{false};
} // namespace

void initialise_serial()
{
    out8(serial_port + 1, 0);
    out8(serial_port + 3, 0x80);
    out8(serial_port + 0, 1);
    out8(serial_port + 1, 0);
    out8(serial_port + 3, 0x03);
    out8(serial_port + 2, 0x07);
    out8(serial_port + 4, 0x03);
}

void lock_line()
{
    while (line_taken.exchange(true, std::memory_order_acquire))
    {
        pause();
    }
}

void unlock_line()
{
    line_taken.store(false, std::memory_order_release);
}

void print(char character)
{
    if (character == '\n')
    {
        print('\r');
    }
    while ((in8(serial_port + 5) & 0x20) == 0)
    {
        pause();
    }
    out8(serial_port, static_cast<uint8_t>(character));
}

void print(std::string_view text)
{
    for (const char character : text)
    {
        print(character);
    }
}

void print(Hex value)
{
    print(std::string_view{"0x"});
    int shift = 60;
    while (shift > 0 && ((value.value >> shift) & 0xf) == 0)
    {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4)
    {
        print("0123456789abcdef"[(value.value >> shift) & 0xf]);
    }
}

void print_decimal(uint64_t value)
{
    std::array<char, 20> digits{};
    size_t count = 0;
    do
    {
        digits[count++] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
    {
        print(digits[--count]);
    }
}

void exit_guest(uint32_t status)
{
    out32(debug_exit_port, status);
    halt_for_good();
}

void halt_for_good()
{
    for (;;)
    {
        asm volatile("cli; hlt");
    }
}
} // namespace guest
