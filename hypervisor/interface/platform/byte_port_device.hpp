#pragma once

#include <cstdint>

#include "interface/exit/device.hpp"

namespace ovm::interface
{

/// A device of 8-bit registers: a wider access reaches successive ports, lowest first, as the ISA bus splits it.
class Byte_port_device : public Port_device
{
public:
    virtual std::uint8_t read_byte(std::uint16_t port) = 0;
    virtual void write_byte(std::uint16_t port, std::uint8_t value) = 0;

    std::uint32_t read_port(processor::Vcpu&, std::uint16_t port, unsigned size) final { return read_wide(port, size); }
    void write_port(processor::Vcpu&, std::uint16_t port, unsigned size, std::uint32_t value) final
    {
        write_wide(port, size, value);
    }

    std::uint32_t read_wide(std::uint16_t port, unsigned size)
    {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < size && i < 4; ++i)
            value |= std::uint32_t{read_byte(static_cast<std::uint16_t>(port + i))} << (8 * i);
        return value;
    }
    void write_wide(std::uint16_t port, unsigned size, std::uint32_t value)
    {
        for (unsigned i = 0; i < size && i < 4; ++i)
            write_byte(static_cast<std::uint16_t>(port + i), static_cast<std::uint8_t>(value >> (8 * i)));
    }

protected:
    ~Byte_port_device() = default;
};

} // namespace ovm::interface
