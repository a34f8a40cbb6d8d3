#include "arch/power.hpp"

#include "arch/processor.hpp"
#include "arch/x86_64/clock.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/crash_record.hpp"
#include "arch/x86_64/machine.hpp"
#include "arch/x86_64/port.hpp"
#include "base/bits.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint16_t sci_enabled = 1;

std::uint16_t read_control(const Acpi_register& at)
{
    return at.space == Acpi_register::Space::port ? in16(Port(static_cast<std::uint16_t>(at.address)))
                                                  : std::uint16_t{0};
}

void write_control(const Acpi_register& at, std::uint16_t value)
{
    if (at.space == Acpi_register::Space::port)
        out16(Port(static_cast<std::uint16_t>(at.address)), value);
}

/// SLP_TYP and SLP_EN of PM1_CNT (ACPI 6.5, 4.8.3.2.1).
std::uint16_t sleep_command(std::uint16_t control, std::uint8_t type)
{
    return static_cast<std::uint16_t>(with_field(control, 10, 3, type) | bit(13));
}

} // namespace

void stop_machine()
{
    asm volatile("cli");
    stop_other_cores();
    for (;;)
        asm volatile("hlt");
}

void power_off()
{
    if (auto const& sleep = machine_description().power_off)
    {
        if ((read_control(sleep->control_a) & sci_enabled) == 0 && sleep->enable_port != 0)
        {
            out8(Port(sleep->enable_port), sleep->enable_value);
            for (unsigned i = 0; i < 1000 && (read_control(sleep->control_a) & sci_enabled) == 0; ++i)
                delay(Nanoseconds(1'000'000));
        }
        write_control(sleep->control_a, sleep_command(read_control(sleep->control_a), sleep->type_a));
        write_control(sleep->control_b, sleep_command(read_control(sleep->control_b), sleep->type_b));
        delay(Nanoseconds(1'000'000'000));
    }
    write_serial("OVM: the machine does not power off; it stops here\n");
    stop_machine();
}

void reset_machine()
{
    asm volatile("cli");
    auto const& reset = machine_description().reset;
    auto const value = machine_description().reset_value;
    if (reset.space == Acpi_register::Space::port)
        out8(Port(static_cast<std::uint16_t>(reset.address)), value);
    delay(Nanoseconds(50'000'000));
    out8(Port(0xcf9), 0x02); // PCI reset control: hard reset
    out8(Port(0xcf9), 0x06);
    delay(Nanoseconds(50'000'000));
    out8(Port(0x64), 0xfe); // keyboard controller
    delay(Nanoseconds(50'000'000));
    Table_pointer const nothing{};
    asm volatile("lidt %0; ud2" : : "m"(nothing));
    __builtin_unreachable();
}

} // namespace ovm::arch
