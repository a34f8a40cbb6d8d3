#pragma once

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "base/strong.hpp"

namespace ovm::processor
{
class Vcpu;
}

/// What an object implements to own a part of what a VM can reach. The dispatcher (dispatcher.hpp) finds the owner.
/// Concurrency: any vcpu of the VM may call at any time; a device locks itself (Rank::device or Rank::interrupt).
/// Failure: none; a guest's nonsense reads as all-ones and writes nowhere.
namespace ovm::interface
{

class Port_device
{
public:
    /// `size` is 1, 2 or 4 bytes; the value is in the low bytes.
    virtual std::uint32_t read_port(processor::Vcpu& vcpu, std::uint16_t port, unsigned size) = 0;
    virtual void write_port(processor::Vcpu& vcpu, std::uint16_t port, unsigned size, std::uint32_t value) = 0;

protected:
    ~Port_device() = default;
};

class Memory_device
{
public:
    /// `offset` from the start of the registered range; `size` is 1, 2, 4 or 8 bytes.
    virtual std::uint64_t read_memory(processor::Vcpu& vcpu, Bytes offset, unsigned size) = 0;
    virtual void write_memory(processor::Vcpu& vcpu, Bytes offset, unsigned size, std::uint64_t value) = 0;

protected:
    ~Memory_device() = default;
};

/// Where in a device an access went; without an owner nobody is there: it reads as all-ones, and writes are lost.
struct Device_place
{
    Memory_device* owner = nullptr;
    Bytes offset{};
};

class Msr_device
{
public:
    /// An error (Error::denied) becomes #GP in the guest.
    virtual Result<std::uint64_t> read_msr(processor::Vcpu& vcpu, std::uint32_t msr) = 0;
    virtual Result<> write_msr(processor::Vcpu& vcpu, std::uint32_t msr, std::uint64_t value) = 0;

protected:
    ~Msr_device() = default;
};

/// A level or edge on an interrupt controller's input.
class Irq_sink
{
public:
    /// `line` is the controller's input (GSI for the PC's pair of PIC and IOAPIC). Idempotent.
    virtual void set_line(unsigned line, bool level) = 0;

protected:
    ~Irq_sink() = default;
};

/// One input of a sink, as a device holds it.
class Irq_line
{
public:
    Irq_line(Irq_sink& sink, unsigned line) : sink_(sink), line_(line) {}
    void set(bool level) { sink_.set_line(line_, level); }
    void pulse()
    {
        sink_.set_line(line_, true);
        sink_.set_line(line_, false);
    }

private:
    Irq_sink& sink_;
    unsigned line_;
};

/// What a person's keyboard and a VM's serial port exchange.
class Byte_sink
{
public:
    /// False when there is no place now: the sender keeps the byte and tries again.
    virtual bool put(std::uint8_t byte) = 0;

protected:
    ~Byte_sink() = default;
};

/// Why a VM ends or starts again; asked for by a device, carried out by the VM.
class Machine_control
{
public:
    virtual void request_power_off() = 0;
    virtual void request_reset() = 0;
    virtual void request_debug_exit(std::uint32_t value) = 0;

protected:
    ~Machine_control() = default;
};

} // namespace ovm::interface
