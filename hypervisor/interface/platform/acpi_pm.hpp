#pragma once

#include <cstdint>

#include "arch/lock.hpp"
#include "interface/exit/device.hpp"
#include "interface/platform/clock.hpp"

namespace ovm::interface
{

/// ACPI's fixed hardware (ACPI 6.4, 4.8.3): PM1a events and control, and the PM timer with 32 bits. The guest is
/// always in ACPI mode. Soft-off (sleep type 5) asks for the VM's end.
/// Concurrency: lock_ for each access; machine control is asked without it.
class Acpi_pm final : public Port_device
{
public:
    static constexpr std::uint64_t timer_hertz = 3'579'545;
    static constexpr std::uint16_t first_port = 0x600;
    static constexpr std::uint16_t port_count = 12;
    static constexpr std::uint16_t event_port = 0x600;
    static constexpr std::uint16_t control_port = 0x604;
    static constexpr std::uint16_t timer_port = 0x608;
    static constexpr unsigned soft_off_type = 5;
    static constexpr unsigned interrupt_line = 9;

    /// `interrupt`: the level-triggered SCI.
    Acpi_pm(Platform_clock clock, Irq_line interrupt, Machine_control& control);
    ~Acpi_pm();
    Acpi_pm(const Acpi_pm&) = delete;
    Acpi_pm& operator=(const Acpi_pm&) = delete;

    /// Its timer fires no more. The vcpus have stopped before.
    void stop();
    void reset();

    std::uint32_t read_port(processor::Vcpu&, std::uint16_t port, unsigned size) override { return read(port, size); }
    void write_port(processor::Vcpu&, std::uint16_t port, unsigned size, std::uint32_t value) override
    {
        write(port, size, value);
    }
    /// All bytes of the timer are of one moment.
    std::uint32_t read(std::uint16_t port, unsigned size);
    void write(std::uint16_t port, unsigned size, std::uint32_t value);

    /// Asks the guest's operating system to shut down.
    void press_power_button();

private:
    void fired(Ticks now);
    std::uint64_t cycles() const { return rate_.cycles(clock_.now()); }
    std::uint32_t register_locked(unsigned index) const OVM_REQUIRES(lock_);
    bool write_locked(unsigned offset, std::uint8_t value) OVM_REQUIRES(lock_);
    void collect_locked(std::uint64_t now) OVM_REQUIRES(lock_);
    void update_locked() OVM_REQUIRES(lock_);

    Platform_clock clock_;
    Rate rate_;
    Irq_line interrupt_;
    Machine_control& machine_;
    Member_timer<Acpi_pm, &Acpi_pm::fired> timer_{*this};

    Ranked_lock<Rank::device> lock_;
    std::uint16_t status_ OVM_GUARDED_BY(lock_) = 0;
    std::uint16_t enable_ OVM_GUARDED_BY(lock_) = 0;
    std::uint16_t control_ OVM_GUARDED_BY(lock_) = 1;
    std::uint64_t looked_ OVM_GUARDED_BY(lock_) = 0; ///< how often the timer's top bit had changed
};

} // namespace ovm::interface
