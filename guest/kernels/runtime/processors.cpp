#include "runtime/processors.hpp"

#include <atomic>
#include <cstring>

#include "runtime/acpi.hpp"
#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/layout.h"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"

extern "C"
{
    extern const uint8_t guest_trampoline[];
    extern const uint8_t guest_trampoline_end[];
    [[noreturn]] void guest_start_processor(uint32_t number);
}

namespace guest
{
namespace
{
constexpr uint32_t init_command = 0x4500;
constexpr uint32_t startup_command = 0x4600 | (OVM_GUEST_TRAMPOLINE >> 12);

constinit std::atomic<Processor_work> processor_work{nullptr};
constinit std::atomic<uint32_t> running{1};
constinit uint16_t timer_port = 0;
constinit uint32_t last_reading = 0;
constinit uint64_t total_ticks = 0;

void find_timer()
{
    if (timer_port == 0)
    {
        timer_port = read_acpi().timer_port;
        if (timer_port == 0)
        {
            fail("ACPI names no PM timer");
        }
        last_reading = in32(timer_port) & 0xffffff;
    }
}

bool arrived(uint32_t count, uint64_t microseconds)
{
    const uint64_t start = timer_ticks();
    while (running.load(std::memory_order_acquire) < count)
    {
        if ((timer_ticks() - start) * 1000000 / timer_hertz > microseconds)
        {
            return false;
        }
        pause();
    }
    return true;
}

/// Firmware may have left the PICs open, on vectors of exceptions.
void mask_legacy_interrupts()
{
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

[[noreturn]] void start(uint32_t number)
{
    if (number == 0)
    {
        mask_legacy_interrupts();
        initialise_serial();
        load_descriptor_tables();
        read_boot_information();
        exit_guest(guest_main());
    }
    load_descriptor_tables();
    lapic::enable();
    running.fetch_add(1, std::memory_order_release);
    processor_work.load(std::memory_order_acquire)(number);
    halt_for_good();
}
} // namespace

uint64_t timer_ticks()
{
    find_timer();
    const uint32_t now = in32(timer_port) & 0xffffff;
    total_ticks += (now - last_reading) & 0xffffff;
    last_reading = now;
    return total_ticks;
}

void wait_microseconds(uint64_t microseconds)
{
    const uint64_t start = timer_ticks();
    while ((timer_ticks() - start) * 1000000 / timer_hertz < microseconds)
    {
        pause();
    }
}

uint32_t start_processors(Processor_work work)
{
    processor_work.store(work, std::memory_order_release);
    memcpy(reinterpret_cast<void*>(uint64_t{OVM_GUEST_TRAMPOLINE}), guest_trampoline,
           static_cast<size_t>(guest_trampoline_end - guest_trampoline));
    const Acpi_facts acpi = read_acpi();
    const uint32_t self = lapic::identifier();
    uint32_t expected = 1;
    for (const uint32_t apic_id : acpi.apic_ids)
    {
        if (apic_id == self)
        {
            continue;
        }
        ++expected;
        lapic::send(apic_id, init_command);
        wait_microseconds(10000);
        lapic::send(apic_id, startup_command);
        if (!arrived(expected, 20000))
        {
            lapic::send(apic_id, startup_command);
            if (!arrived(expected, 5000000))
            {
                fail("processor with APIC id ", apic_id, " did not start");
            }
        }
    }
    return expected;
}
} // namespace guest

extern "C" void guest_start_processor(uint32_t number)
{
    guest::start(number);
}
