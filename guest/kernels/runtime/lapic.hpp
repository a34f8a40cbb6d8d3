#pragma once

#include <cstdint>

/// The local APIC, in x2APIC mode where the processor has it and `x2apic=0` is not on the command
/// line (AMD64 APM volume 2, chapter 16).
namespace guest::lapic
{
enum class Register : uint32_t
{
    identifier = 0x020,
    version = 0x030,
    task_priority = 0x080,
    end_of_interrupt = 0x0b0,
    spurious = 0x0f0,
    command = 0x300,
    timer = 0x320,
    timer_initial_count = 0x380,
    timer_current_count = 0x390,
    timer_divide = 0x3e0,
};

inline constexpr uint32_t timer_periodic = 1u << 17;
inline constexpr uint32_t timer_deadline = 2u << 17;
inline constexpr uint32_t masked = 1u << 16;
inline constexpr uint8_t spurious_vector = 0xff;
inline constexpr uint64_t device_address = 0xfee00000;

/// Turns this processor's local APIC on.
void enable();
bool uses_x2apic();
uint32_t identifier();
uint32_t read(Register which);
void write(Register which, uint32_t value);
void send(uint32_t apic_id, uint32_t command);
void end_interrupt();
} // namespace guest::lapic
