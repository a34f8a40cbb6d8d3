#pragma once

#include <cstdint>

#include "base/strong.hpp"

/// The local interrupt controller of each core (APM volume 2, chapter 16), as xAPIC or x2APIC.
namespace ovm::arch
{

class Local_apic
{
public:
    /// Chooses the mode and maps the registers; once, on core 0.
    void find(Host_physical at);
    /// Enables this core's own: spurious vector, LINT1 as NMI, timer stopped, task priority 0.
    void enable();

    std::uint32_t id() const;
    /// Whether this core is the one that firmware ran on.
    bool is_of_boot_core() const;
    void end_of_interrupt() { write(0xb0, 0); }

    void send(std::uint32_t apic_id, std::uint8_t vector);
    void send_init(std::uint32_t apic_id);
    void send_init_to_others();
    void send_startup(std::uint32_t apic_id, Host_physical page);
    /// NMI to one core: it ends a crossing that hangs (arch/hang.hpp).
    void send_nmi(std::uint32_t apic_id);
    /// NMI to all other cores: they stop where they are (crash records).
    void send_nmi_to_others();

    void start_count(std::uint32_t count) { write(0x380, count); }
    std::uint32_t count() const { return read(0x390); }
    /// Unmasks the timer: one-shot, or by time-stamp deadline.
    void enable_timer(bool deadline_mode);

    bool is_x2apic() const { return x2apic_; }
    bool found() const { return x2apic_ || registers_ != nullptr; }

private:
    std::uint32_t read(std::uint32_t offset) const;
    void write(std::uint32_t offset, std::uint32_t value);
    void command(std::uint32_t apic_id, std::uint32_t low);

    volatile std::uint32_t* registers_ = nullptr;
    bool x2apic_ = false;
};

/// The one of the core that asks.
Local_apic& local_apic();

} // namespace ovm::arch
