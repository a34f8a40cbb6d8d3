#pragma once

#include <atomic>
#include <cstdint>

#include "interface/platform/byte_port_device.hpp"

namespace ovm::interface
{

/// The PC's ways to reset: port CF9h (ICH9 data sheet, 13.7.5; given to ACPI as the reset register), the keyboard
/// controller's command FEh at port 64h, and bit 0 of port 92h. There is no keyboard behind port 60h.
/// Concurrency: lock-free.
class Reset_control final : public Byte_port_device
{
public:
    static constexpr std::uint16_t keyboard_data_port = 0x60;
    static constexpr std::uint16_t keyboard_port = 0x64;
    static constexpr std::uint16_t system_port = 0x92;
    static constexpr std::uint16_t reset_port = 0xcf9;
    static constexpr std::uint8_t reset_value = 0x06;

    explicit Reset_control(Machine_control& machine) : machine_(machine) {}

    void reset() { control_.store(0, std::memory_order_relaxed); }

    std::uint8_t read_byte(std::uint16_t port) override
    {
        switch (port)
        {
        case system_port:
            return a20_open;
        case reset_port:
            return control_.load(std::memory_order_relaxed) & kept_bits;
        default:
            return 0xff; // as where no controller is
        }
    }

    void write_byte(std::uint16_t port, std::uint8_t value) override
    {
        switch (port)
        {
        case keyboard_port:
            if (value == keyboard_resets)
                machine_.request_reset();
            break;
        case system_port:
            if (value & 1)
                machine_.request_reset();
            break;
        case reset_port:
        {
            // The processor is reset when bit 2 rises.
            auto const before = control_.exchange(value, std::memory_order_relaxed);
            if (!(before & resets) && (value & resets))
                machine_.request_reset();
            break;
        }
        default:
            break;
        }
    }

private:
    static constexpr std::uint8_t a20_open = 0x02;
    static constexpr std::uint8_t kept_bits = 0x0a;
    static constexpr std::uint8_t resets = 0x04;
    static constexpr std::uint8_t keyboard_resets = 0xfe;

    Machine_control& machine_;
    std::atomic<std::uint8_t> control_{0};
};

} // namespace ovm::interface
