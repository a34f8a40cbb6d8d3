#include "arch/x86_64/last_watch.hpp"

#include "arch/hang.hpp"
#include "arch/processor.hpp"
#include "arch/watch_rings.hpp"
#include "arch/x86_64/event_timer.hpp"
#include "arch/x86_64/hang.hpp"
#include "arch/x86_64/io_apic.hpp"
#include "arch/x86_64/paging.hpp"

namespace ovm::arch
{

namespace
{

class Device_registers
{
public:
    constexpr Device_registers() = default;
    explicit Device_registers(Host_physical at)
        : at_(reinterpret_cast<volatile std::uint32_t*>(map_device(at, Bytes(1024), Page_kind::uncached).value()))
    {
    }
    std::uint32_t read(std::uint32_t offset) const { return at_[offset / 4]; }
    void write(std::uint32_t offset, std::uint32_t value) { at_[offset / 4] = value; }

private:
    volatile std::uint32_t* at_ = nullptr;
};

struct Last_watch
{
    Event_timer<Device_registers> timer{};
    bool present = false;
    Watch_rings rings{};
};

constinit Last_watch the_last_watch{};

/// By so much may clocks differ: of cores, and of a core and the timer.
constexpr Nanoseconds tolerance{100'000'000};

void arm(Nanoseconds duration)
{
    auto const now = time_stamp();
    the_last_watch.rings.renew(now, now + to_ticks(duration - tolerance));
    the_last_watch.timer.arm(duration);
}

} // namespace

void find_last_watch(const Acpi_information& acpi)
{
    if (acpi.event_timer == Host_physical(0))
        return;
    the_last_watch.timer = Event_timer(Device_registers(acpi.event_timer));
    the_last_watch.present = the_last_watch.timer.open(route_to_all_as_nmi).has_value();
}

bool renew_last_watch()
{
    if (!the_last_watch.present)
        return false;
    expect_hang_wishes();
    arm(last_watch_patience);
    return true;
}

bool is_last_watch()
{
    auto const core = this_core();
    bool const over = the_last_watch.rings.is_over(core, time_stamp());
    if (over && core == Core_id(0))
        arm(last_watch_interval);
    return over;
}

void stop_last_watch()
{
    if (the_last_watch.present)
        the_last_watch.timer.disarm();
}

} // namespace ovm::arch
