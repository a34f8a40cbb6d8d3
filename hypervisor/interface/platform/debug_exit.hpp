#pragma once

#include <cstdint>

#include "interface/exit/device.hpp"

namespace ovm::interface
{

/// A port whose written value ends the VM, as test kernels use it.
class Debug_exit final : public Port_device
{
public:
    explicit Debug_exit(Machine_control& machine) : machine_(machine) {}

    std::uint32_t read_port(processor::Vcpu&, std::uint16_t, unsigned) override { return 0; }
    void write_port(processor::Vcpu&, std::uint16_t, unsigned, std::uint32_t value) override { write(value); }
    void write(std::uint32_t value) { machine_.request_debug_exit(value); }

private:
    Machine_control& machine_;
};

} // namespace ovm::interface
