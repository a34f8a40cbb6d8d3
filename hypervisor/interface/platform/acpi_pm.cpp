#include "interface/platform/acpi_pm.hpp"

#include "base/bits.hpp"

namespace ovm::interface
{
namespace
{

// PM1 status and enable (ACPI 6.4, tables 4.13 and 4.14).
constexpr std::uint16_t timer_overflow = 1u << 0;
constexpr std::uint16_t power_button = 1u << 8;
constexpr std::uint16_t status_bits = 0x8731;
constexpr std::uint16_t enable_bits = 0x4721;

// PM1 control (table 4.15).
constexpr std::uint16_t sci_enabled = 1u << 0;
constexpr std::uint16_t control_bits = 0x1c06;
constexpr std::uint8_t sleep_enable_high = 1u << 5; ///< bit 13, in the upper byte

/// TMR_STS is set whenever the timer's top bit changes.
constexpr std::uint64_t half_turn = std::uint64_t{1} << 31;

constexpr std::uint16_t with_byte(std::uint16_t value, unsigned index, std::uint8_t content)
{
    return static_cast<std::uint16_t>(with_field(value, index * 8, 8, content));
}

} // namespace

Acpi_pm::Acpi_pm(Platform_clock clock, Irq_line interrupt, Machine_control& control)
    : clock_(clock), rate_(clock.rate(timer_hertz)), interrupt_(interrupt), machine_(control)
{
    looked_ = cycles() / half_turn;
}

Acpi_pm::~Acpi_pm()
{
    stop();
}

void Acpi_pm::stop()
{
    clock_.timers.retire(timer_);
}

void Acpi_pm::reset()
{
    Lock_guard const guard(lock_);
    status_ = 0;
    enable_ = 0;
    control_ = sci_enabled;
    looked_ = cycles() / half_turn;
    update_locked();
}

void Acpi_pm::press_power_button()
{
    Lock_guard const guard(lock_);
    status_ |= power_button;
    update_locked();
}

/// The three 32-bit words of the block: status and enable, control, timer.
std::uint32_t Acpi_pm::register_locked(unsigned index) const
{
    switch (index)
    {
    case 0:
        return std::uint32_t{enable_} << 16 | status_;
    case 1:
        return control_;
    default:
        return static_cast<std::uint32_t>(cycles());
    }
}

std::uint32_t Acpi_pm::read(std::uint16_t port, unsigned size)
{
    auto const offset = static_cast<unsigned>(port - first_port);
    if (offset >= port_count)
        return static_cast<std::uint32_t>(low_bytes(~std::uint64_t{0}, size));
    Lock_guard const guard(lock_);
    collect_locked(cycles());
    auto const value = register_locked(offset / 4) >> (offset % 4 * 8);
    return static_cast<std::uint32_t>(low_bytes(value, size));
}

void Acpi_pm::write(std::uint16_t port, unsigned size, std::uint32_t value)
{
    bool sleeps = false;
    {
        Lock_guard const guard(lock_);
        collect_locked(cycles());
        for (unsigned i = 0; i < size && i < 4; ++i)
        {
            auto const offset = static_cast<unsigned>(port - first_port) + i;
            sleeps = write_locked(offset, static_cast<std::uint8_t>(value >> (8 * i))) || sleeps;
        }
        update_locked();
    }
    if (sleeps)
        machine_.request_power_off();
}

bool Acpi_pm::write_locked(unsigned offset, std::uint8_t value)
{
    switch (offset)
    {
    case 0:
    case 1: // a written one clears
        status_ &= static_cast<std::uint16_t>(~(value << (offset * 8)));
        return false;
    case 2:
    case 3:
        enable_ = with_byte(enable_, offset - 2, value) & enable_bits;
        return false;
    case 4:
    case 5:
        control_ = (with_byte(control_, offset - 4, value) & control_bits) | sci_enabled;
        return offset == 5 && (value & sleep_enable_high) && field(control_, 10, 3) == soft_off_type;
    default:
        return false;
    }
}

void Acpi_pm::collect_locked(std::uint64_t now)
{
    auto const turns = now / half_turn;
    if (turns != looked_)
        status_ |= timer_overflow;
    looked_ = turns;
}

void Acpi_pm::update_locked()
{
    interrupt_.set((status_ & enable_ & status_bits) != 0);
    if (enable_ & timer_overflow)
        clock_.timers.arm(timer_, rate_.ticks((looked_ + 1) * half_turn));
    else
        clock_.timers.cancel(timer_);
}

void Acpi_pm::fired(Ticks now)
{
    Lock_guard const guard(lock_);
    collect_locked(rate_.cycles(now));
    update_locked();
}

} // namespace ovm::interface
