#include "arch/x86_64/clock.hpp"

#include <optional>

#include "arch/calibration.hpp"
#include "arch/processor.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/cpuid.hpp"
#include "arch/x86_64/msr.hpp"
#include "arch/x86_64/paging.hpp"
#include "arch/x86_64/port.hpp"
#include "arch/x86_64/rtc.hpp"
#include "base/bits.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

constinit std::uint64_t tsc_rate = 1'000'000'000;
constinit std::uint64_t nanoseconds_per_tick = std::uint64_t{1} << 32;  ///< 32.32
constinit std::uint64_t ticks_per_nanosecond = std::uint64_t{1} << 30;  ///< 34.30
constinit std::uint64_t timer_counts_per_tick = std::uint64_t{1} << 32; ///< 32.32
constinit bool deadline_mode = false;
constinit bool invariant = false;
constinit std::int64_t wall_clock_at_zero = 0;

std::uint64_t scaled(std::uint64_t value, std::uint64_t factor, unsigned shift)
{
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(value) * factor) >> shift);
}

/// The reference that real machines have.
class Pm_timer
{
public:
    static constexpr std::uint64_t rate = 3'579'545; // ACPI 6.5, 4.8.2.1

    explicit Pm_timer(const Acpi_information& acpi)
        : register_(acpi.pm_timer), mask_(acpi.pm_timer_is_32_bits ? 0xffff'ffff : 0xff'ffff)
    {
        if (register_.space == Acpi_register::Space::memory)
            memory_ = reinterpret_cast<volatile std::uint32_t*>(
                map_device(Host_physical(register_.address), Bytes(4), Page_kind::uncached).value());
    }
    bool present() const { return register_.space != Acpi_register::Space::none; }
    std::uint32_t mask() const { return mask_; }
    std::uint32_t read() const
    {
        return (memory_ != nullptr ? *memory_ : in32(Port(static_cast<std::uint16_t>(register_.address)))) & mask_;
    }

private:
    Acpi_register register_;
    std::uint32_t mask_;
    volatile std::uint32_t* memory_ = nullptr;
};

/// The reference of a machine without: channel 2 of the PIT, which counts down and wraps (8254, mode 2).
class Pit_counter
{
public:
    static constexpr std::uint64_t rate = 1'193'182;

    Pit_counter() : gate_(in8(Port(0x61)))
    {
        out8(Port(0x61), static_cast<std::uint8_t>((gate_ & ~3) | 1));
        out8(Port(0x43), 0xb4);
        out8(Port(0x42), 0);
        out8(Port(0x42), 0);
    }
    ~Pit_counter() { out8(Port(0x61), gate_); }
    Pit_counter(const Pit_counter&) = delete;
    Pit_counter& operator=(const Pit_counter&) = delete;

    std::uint32_t mask() const { return 0xffff; }
    std::uint32_t read() const
    {
        out8(Port(0x43), 0x80); // latches channel 2
        std::uint32_t const low = in8(Port(0x42));
        return (0x10000 - (low | std::uint32_t{in8(Port(0x42))} << 8)) & mask();
    }

private:
    std::uint8_t gate_;
};

/// What calibrate() compares, on the machine.
template <typename Reference>
struct Counters
{
    const Reference& reference_counter;

    std::uint64_t time_stamp() const { return arch::time_stamp().value(); }
    std::uint32_t timer() const { return local_apic().count(); }
    std::uint32_t reference() const { return reference_counter.read(); }
    std::uint32_t reference_mask() const { return reference_counter.mask(); }
    std::uint64_t reference_rate() const { return Reference::rate; }
    void pause() const { arch::pause(); }
};

std::optional<Calibration> calibrate_by_pit()
{
    Pit_counter const counter;
    return calibrate(Counters<Pit_counter>{counter});
}

} // namespace

void calibrate_clock(const Acpi_information& acpi)
{
    local_apic().start_count(0xffff'ffff);
    Pm_timer const pm_timer(acpi);
    std::optional<Calibration> measured{};
    if (pm_timer.present())
        measured = calibrate(Counters<Pm_timer>{pm_timer});
    if (!measured)
        measured = calibrate_by_pit();
    local_apic().start_count(0);

    deadline_mode = (cpuid(1).ecx & bit(24)) != 0;
    invariant = (cpuid(0x8000'0007).edx & bit(8)) != 0;
    if (measured)
    {
        tsc_rate = measured->ticks_per_second;
        timer_counts_per_tick = measured->timer_counts_per_tick;
    }
    else
    {
        write_serial("OVM: neither the PM timer nor the PIT runs; time is a guess (1 GHz)\n");
    }
    nanoseconds_per_tick = (nanoseconds_per_second << 32) / tsc_rate;
    ticks_per_nanosecond = (tsc_rate << 30) / nanoseconds_per_second;
    wall_clock_at_zero = read_rtc(acpi.century) - static_cast<std::int64_t>(time_stamp().value() / tsc_rate);
}

void enable_timer()
{
    local_apic().enable_timer(deadline_mode);
    stop_timer();
}

void set_timer(Ticks deadline)
{
    core_window().deadline = deadline;
    if (deadline_mode)
    {
        write_msr(Msr::tsc_deadline, deadline.value() == 0 ? 1 : deadline.value());
        return;
    }
    auto const now = time_stamp();
    auto const distance = deadline > now ? (deadline - now).value() : 0;
    auto const count = scaled(distance, timer_counts_per_tick, 32) + 1;
    local_apic().start_count(count > 0xffff'ffff ? 0xffff'ffff : static_cast<std::uint32_t>(count));
}

void stop_timer()
{
    core_window().deadline = Ticks(0);
    if (deadline_mode)
        write_msr(Msr::tsc_deadline, 0);
    else
        local_apic().start_count(0);
}

void timer_interrupt()
{
    auto const deadline = core_window().deadline;
    if (deadline > time_stamp())
        set_timer(deadline);
}

std::uint64_t ticks_per_second()
{
    return tsc_rate;
}

bool time_stamp_is_invariant()
{
    return invariant;
}

void distrust_time_stamp()
{
    invariant = false;
}

Nanoseconds to_nanoseconds(Ticks ticks)
{
    return Nanoseconds(scaled(ticks.value(), nanoseconds_per_tick, 32));
}

Ticks to_ticks(Nanoseconds duration)
{
    return Ticks(scaled(duration.value(), ticks_per_nanosecond, 30));
}

std::int64_t boot_wall_clock_seconds()
{
    return wall_clock_at_zero;
}

void delay(Nanoseconds duration)
{
    auto const end = time_stamp() + to_ticks(duration);
    while (time_stamp() < end)
        pause();
}

} // namespace ovm::arch
