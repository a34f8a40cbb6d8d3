#include "arch/x86_64/serial.hpp"

#include <atomic>

#include "arch/processor.hpp"
#include "arch/screen.hpp"

namespace ovm::arch
{

namespace
{

constinit Uart first{Port(0x3f8)};
constinit Uart second{Port(0x2f8)};
constinit std::atomic<bool> writing{false};

} // namespace

Uart& com1()
{
    return first;
}

Uart& com2()
{
    return second;
}

void write_serial(std::string_view text)
{
    // Another core's line is worth a moment, a core that stopped within its line is not.
    for (unsigned i = 0; i < 2'000'000 && writing.exchange(true, std::memory_order_acquire); ++i)
        pause();
    char before = 0;
    for (char character : text)
    {
        if (character == '\n' && before != '\r')
            first.write('\r');
        first.write(static_cast<std::uint8_t>(character));
        before = character;
    }
    write_screen(text);
    writing.store(false, std::memory_order_release);
}

} // namespace ovm::arch
