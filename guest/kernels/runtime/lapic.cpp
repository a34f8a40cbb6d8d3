#include "runtime/lapic.hpp"

#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/processor.hpp"

namespace guest::lapic
{
namespace
{
constexpr uint32_t base_msr = 0x1b;
constexpr uint32_t first_msr = 0x800;
constexpr uint32_t delivery_pending = 1u << 12;

constinit bool x2apic = false;

uint64_t device_register(Register which)
{
    return device_address + static_cast<uint32_t>(which);
}

uint32_t register_msr(Register which)
{
    return first_msr + (static_cast<uint32_t>(which) >> 4);
}
} // namespace

void enable()
{
    if (processor_number() == 0)
    {
        x2apic = (cpuid(1).ecx & (1u << 21)) != 0 && number_option("x2apic", 1) != 0;
    }
    if (x2apic)
    {
        write_msr(base_msr, read_msr(base_msr) | 0xc00);
    }
    set_trap_handler(spurious_vector, [](Trap_frame&) {});
    write(Register::spurious, 0x100 | spurious_vector);
    write(Register::task_priority, 0);
}

bool uses_x2apic()
{
    return x2apic;
}

uint32_t identifier()
{
    return x2apic ? read(Register::identifier) : read(Register::identifier) >> 24;
}

uint32_t read(Register which)
{
    return x2apic ? static_cast<uint32_t>(read_msr(register_msr(which))) : read_device32(device_register(which));
}

void write(Register which, uint32_t value)
{
    if (x2apic)
    {
        write_msr(register_msr(which), value);
    }
    else
    {
        write_device32(device_register(which), value);
    }
}

void send(uint32_t apic_id, uint32_t command)
{
    if (x2apic)
    {
        write_msr(register_msr(Register::command), (uint64_t{apic_id} << 32) | command);
        return;
    }
    write_device32(device_address + 0x310, apic_id << 24);
    write_device32(device_register(Register::command), command);
    while ((read_device32(device_register(Register::command)) & delivery_pending) != 0)
    {
        pause();
    }
}

void end_interrupt()
{
    write(Register::end_of_interrupt, 0);
}
} // namespace guest::lapic
