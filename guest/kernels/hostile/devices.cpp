// Garbage to every port and every MSR.
#include "hostile/hostile.hpp"

#include <algorithm>
#include <array>

#include "runtime/acpi.hpp"
#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/processor.hpp"

namespace guest::hostile
{
namespace
{
/// Ports whose writing ends this machine, or its way of telling about it.
bool is_spared(uint32_t port, const Acpi_facts& acpi)
{
    return (port >= 0xf0 && port < 0xf8) || port == 0x64 || port == 0x92 || (port >= 0x3f6 && port < 0x400) ||
           (port >= 0xcf5 && port < 0xcfa) ||
           (acpi.control_port != 0 && port + 4 > acpi.control_port && port < acpi.control_port + 4u) ||
           (acpi.reset_port != 0 && port + 4 > acpi.reset_port && port < acpi.reset_port + 4u) ||
           (port > 0x5f && port < 0x65) || port == 0x8f ||
           (port >= 0xcf5 && port < 0xd00 && number_option("bare", 0) != 0);
}

void use_port(uint16_t port)
{
    const uint64_t value = dice().trap_value();
    switch (dice().below(8))
    {
    case 0:
        in8(port);
        break;
    case 1:
        in16(port);
        break;
    case 2:
        in32(port);
        break;
    case 3:
        out16(port, static_cast<uint16_t>(value));
        break;
    case 4:
        out32(port, static_cast<uint32_t>(value));
        break;
    case 5:
    {
        uint64_t source = scratch();
        uint64_t count = dice().below(16);
        asm volatile("rep outsb" : "+S"(source), "+c"(count) : "d"(port) : "memory");
        break;
    }
    case 6:
    {
        uint64_t target = scratch();
        uint64_t count = dice().below(16);
        asm volatile("rep insl" : "+D"(target), "+c"(count) : "d"(port) : "memory");
        break;
    }
    default:
        out8(port, static_cast<uint8_t>(value));
        break;
    }
}

struct Numbers
{
    uint32_t first;
    uint32_t count;
};

// EFER is bent by the instructions part, the interrupt command register by `end=init`; the local
// APIC's base is left so that the other parts keep their interrupts.
constexpr std::array<uint32_t, 3> spared_registers{0x1b, 0x830, 0xc0000080};

constexpr std::array<Numbers, 7> model_registers{{
    {0x0, 0x600},
    {0x6e0, 1},
    {0x800, 0x40},
    {0x40000000, 0x110},
    {0x4b564d00, 0x10},
    {0xc0000080, 0x100},
    {0xc0010000, 0x200},
}};

void use_model_register(uint32_t number)
{
    uint64_t old = 0;
    if (!try_read_msr(number, old))
    {
        misdeed([&] { write_msr(number, dice().trap_value()); });
        return;
    }
    if (std::ranges::any_of(spared_registers, [&](uint32_t spared) { return spared == number; }))
    {
        return;
    }
    misdeed([&] { write_msr(number, dice().trap_value()); });
    misdeed([&] { write_msr(number, dice().word()); });
    misdeed([&] { write_msr(number, ~old); });
    misdeed([&] { write_msr(number, old); });
}
} // namespace

void write_ports(uint64_t steps)
{
    const Acpi_facts acpi = read_acpi();
    for (uint32_t port = 0; port < 0x10000; ++port)
    {
        // The first kilobyte thoroughly, the rest once in a while.
        const uint32_t times = port < 0x400 ? 4 : 1;
        if (is_spared(port, acpi) || (port >= 0x1000 && !dice().one_in(16)))
        {
            continue;
        }
        for (uint32_t time = 0; time < times; ++time)
        {
            misdeed([&] { use_port(static_cast<uint16_t>(port)); });
        }
    }
    for (uint64_t step = 0; step < steps; ++step)
    {
        const auto port = static_cast<uint16_t>(dice().word());
        if (!is_spared(port, acpi))
        {
            misdeed([&] { use_port(port); });
        }
    }
    // Both PICs end masked.
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

void write_model_registers(uint64_t steps)
{
    for (const Numbers& range : model_registers)
    {
        for (uint32_t index = 0; index < range.count; ++index)
        {
            use_model_register(range.first + index);
        }
    }
    for (uint64_t step = 0; step < steps; ++step)
    {
        const auto number = static_cast<uint32_t>(dice().word() ^ dice().trap_value());
        use_model_register(number);
    }
}
} // namespace guest::hostile
