// Counts what each clock of a PC delivers and measures all of them against the PM timer.
// `tolerance=PERCENT` (3) and `milliseconds=N` (1000) per measurement; a fifth of it where a clock is looked at all the
// time.
#include <atomic>

#include "runtime/boot_information.hpp"
#include "runtime/exceptions.hpp"
#include "runtime/lapic.hpp"
#include "runtime/print.hpp"
#include "runtime/processor.hpp"
#include "runtime/processors.hpp"

namespace guest
{
namespace
{
constexpr uint8_t lapic_vector = 0x40;
constexpr uint8_t pit_vector = 0x50; // IRQ 0 of the first PIC
constexpr uint8_t rtc_vector = 0x60;
constexpr uint32_t pit_hertz = 1193182;
constexpr uint32_t deadline_msr = 0x6e0;
constexpr uint64_t io_apic = 0xfec00000;
constexpr uint32_t tick_hertz = 100;

constinit std::atomic<uint64_t> lapic_interrupts{0};
constinit std::atomic<uint64_t> pit_interrupts{0};
constinit std::atomic<uint64_t> rtc_interrupts{0};
constinit uint32_t failures = 0;
constinit uint64_t tolerance = 3;
constinit uint64_t milliseconds = 1000;

void expect(std::string_view what, uint64_t counted, uint64_t expected)
{
    // One tick more or less is a matter of phase.
    const uint64_t slack = expected * tolerance / 100 + 1;
    const bool good = counted + slack >= expected && counted <= expected + slack;
    failures += good ? 0 : 1;
    print_line("timer ", what, ": expected ", expected, " counted ", counted, good ? "" : " WRONG");
}

/// Runs with interrupts on for the time of one measurement; halts between interrupts.
void run_with_interrupts()
{
    const uint64_t start = timer_ticks();
    while ((timer_ticks() - start) * 1000 < timer_hertz * milliseconds)
    {
        wait_for_interrupt();
    }
}

uint64_t microseconds_since(uint64_t start)
{
    return (timer_ticks() - start) * 1000000 / timer_hertz;
}

uint64_t measure_time_stamp()
{
    const uint64_t start_ticks = timer_ticks();
    const uint64_t start = read_time_stamp();
    wait_microseconds(milliseconds * 200);
    const uint64_t spent = read_time_stamp() - start;
    const uint64_t hertz = spent * 1000000 / microseconds_since(start_ticks);
    print_line("timer time stamp: ", hertz / 1000, " kHz by the PM timer");
    const Cpuid_result frequencies = cpuid(0x40000010);
    if (cpuid(0x40000000).eax >= 0x40000010 && frequencies.eax != 0)
    {
        expect("time stamp against CPUID, kHz", hertz / 1000, frequencies.eax);
    }
    return hertz;
}

uint64_t measure_lapic()
{
    lapic::write(lapic::Register::timer_divide, 0xb);
    lapic::write(lapic::Register::timer, lapic::masked | lapic_vector);
    lapic::write(lapic::Register::timer_initial_count, 0xffffffff);
    const uint64_t start = timer_ticks();
    wait_microseconds(milliseconds * 100);
    const uint64_t spent = 0xffffffff - lapic::read(lapic::Register::timer_current_count);
    const uint64_t hertz = spent * 1000000 / microseconds_since(start);
    lapic::write(lapic::Register::timer_initial_count, 0);
    print_line("timer lapic: ", hertz / 1000, " kHz by the PM timer");
    return hertz;
}

void test_periodic(uint64_t hertz)
{
    lapic_interrupts.store(0);
    const uint64_t start = timer_ticks();
    lapic::write(lapic::Register::timer, lapic::timer_periodic | lapic_vector);
    lapic::write(lapic::Register::timer_initial_count, static_cast<uint32_t>(hertz / tick_hertz));
    run_with_interrupts();
    lapic::write(lapic::Register::timer, lapic::masked | lapic_vector);
    expect("lapic periodic", lapic_interrupts.load(), microseconds_since(start) * tick_hertz / 1000000);
    lapic::write(lapic::Register::timer_initial_count, 0);
}

/// Arms the timer again after each interrupt; the sum of the waits must fit.
template <class Arm>
void test_single(std::string_view name, Arm&& arm)
{
    const uint64_t start = timer_ticks();
    const uint64_t shots = milliseconds * tick_hertz / 1000;
    lapic_interrupts.store(0);
    for (uint64_t shot = 0; shot < shots; ++shot)
    {
        arm(shot);
        while (lapic_interrupts.load() <= shot)
        {
            wait_for_interrupt();
        }
    }
    lapic::write(lapic::Register::timer, lapic::masked | lapic_vector);
    const uint64_t spent = microseconds_since(start);
    const bool early = spent * tick_hertz + tick_hertz < shots * 1000000;
    expect(name, spent / 1000, shots * 1000 / tick_hertz);
    if (early)
    {
        ++failures;
        print_line("timer ", name, ": came early");
    }
}

void initialise_pics()
{
    out8(0x20, 0x11);
    out8(0xa0, 0x11);
    out8(0x21, pit_vector);
    out8(0xa1, pit_vector + 8);
    out8(0x21, 0x04);
    out8(0xa1, 0x02);
    out8(0x21, 0x01);
    out8(0xa1, 0x01);
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

void test_pit()
{
    initialise_pics();
    // LINT0 as ExtINT: the PIC's output reaches the processor through its local APIC.
    constexpr auto first_line = static_cast<lapic::Register>(0x350);
    lapic::write(first_line, 0x700);
    pit_interrupts.store(0);
    const uint16_t divisor = pit_hertz / tick_hertz;
    const uint64_t start = timer_ticks();
    out8(0x43, 0x34);
    out8(0x40, divisor & 0xff);
    out8(0x40, divisor >> 8);
    out8(0x21, 0xfe);
    run_with_interrupts();
    out8(0x21, 0xff);
    expect("pit periodic", pit_interrupts.load(), microseconds_since(start) * tick_hertz / 1000000);
    lapic::write(first_line, lapic::masked);

    // Mode 0 counts down once, readable by the latch command.
    out8(0x43, 0x30);
    out8(0x40, 0xff);
    out8(0x40, 0xff);
    const uint64_t count_start = timer_ticks();
    wait_microseconds(20000);
    out8(0x43, 0x00);
    const uint64_t spent = microseconds_since(count_start);
    const uint8_t low = in8(0x40);
    const uint16_t count = static_cast<uint16_t>(low | in8(0x40) << 8);
    expect("pit counter", 0xffffu - count, spent * pit_hertz / 1000000);
}

uint8_t read_rtc(uint8_t index)
{
    out8(0x70, index);
    return in8(0x71);
}

void write_rtc(uint8_t index, uint8_t value)
{
    out8(0x70, index);
    out8(0x71, value);
}

void route_io_apic(uint32_t pin, uint64_t entry)
{
    write_device32(io_apic, 0x11 + pin * 2);
    write_device32(io_apic + 0x10, static_cast<uint32_t>(entry >> 32));
    write_device32(io_apic, 0x10 + pin * 2);
    write_device32(io_apic + 0x10, static_cast<uint32_t>(entry));
}

/// Halts until the second is another one, but for a look at it each millisecond.
void wait_for_second()
{
    const uint8_t before = read_rtc(0);
    while (read_rtc(0) == before)
    {
        wait_for_interrupt();
    }
}

void test_rtc(uint64_t lapic_hertz)
{
    constexpr uint64_t rtc_hertz = 256;
    rtc_interrupts.store(0);
    route_io_apic(8, rtc_vector | uint64_t{lapic::identifier()} << 56);
    write_rtc(0x0a, 0x28); // 32,768 Hz base, 256 interrupts a second
    write_rtc(0x0b, 0x42); // periodic interrupt, 24 hours
    read_rtc(0x0c);
    const uint64_t start = timer_ticks();
    run_with_interrupts();
    expect("rtc periodic", rtc_interrupts.load(), microseconds_since(start) * rtc_hertz / 1000000);
    write_rtc(0x0b, 0x02);
    read_rtc(0x0c);
    route_io_apic(8, 0x10000);

    // Two changes of the second are one second apart.
    lapic::write(lapic::Register::timer, lapic::timer_periodic | lapic_vector);
    lapic::write(lapic::Register::timer_initial_count, static_cast<uint32_t>(lapic_hertz / 1000));
    wait_for_second();
    const uint64_t first = timer_ticks();
    wait_for_second();
    lapic::write(lapic::Register::timer, lapic::masked | lapic_vector);
    expect("rtc second, ms", microseconds_since(first) / 1000, 1000);
}
} // namespace

uint32_t guest_main()
{
    tolerance = number_option("tolerance", 3);
    milliseconds = number_option("milliseconds", 1000);
    lapic::enable();
    set_trap_handler(lapic_vector,
                     [](Trap_frame&)
                     {
                         lapic_interrupts.fetch_add(1);
                         lapic::end_interrupt();
                     });
    set_trap_handler(pit_vector,
                     [](Trap_frame&)
                     {
                         pit_interrupts.fetch_add(1);
                         out8(0x20, 0x20);
                     });
    set_trap_handler(rtc_vector,
                     [](Trap_frame&)
                     {
                         rtc_interrupts.fetch_add(1);
                         read_rtc(0x0c);
                         lapic::end_interrupt();
                     });
    const uint64_t time_stamp_hertz = measure_time_stamp();
    const uint64_t lapic_hertz = measure_lapic();
    test_periodic(lapic_hertz);
    test_single("lapic one-shot, ms",
                [&](uint64_t)
                {
                    lapic::write(lapic::Register::timer, lapic_vector);
                    lapic::write(lapic::Register::timer_initial_count, static_cast<uint32_t>(lapic_hertz / tick_hertz));
                });
    if ((cpuid(1).ecx & (1u << 24)) != 0)
    {
        test_single("tsc deadline, ms",
                    [&](uint64_t)
                    {
                        lapic::write(lapic::Register::timer, lapic::timer_deadline | lapic_vector);
                        write_msr(deadline_msr, read_time_stamp() + time_stamp_hertz / tick_hertz);
                    });
    }
    else
    {
        print_line("timer tsc deadline: none");
    }
    test_pit();
    test_rtc(lapic_hertz);
    print_line("timers: ", failures, " wrong");
    return failures == 0 ? 0 : 1;
}
} // namespace guest
