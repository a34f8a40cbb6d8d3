#pragma once

#include <array>
#include <cstdint>

#include "arch/vcpu.hpp"
#include "interface/exit/device.hpp"
#include "interface/exit/range_table.hpp"
#include "processor/vcpu.hpp"

namespace ovm::interface
{

/// What CPUID answers.
struct Cpuid_result
{
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
};

class Cpuid_source
{
public:
    virtual Cpuid_result cpuid(processor::Vcpu& vcpu, std::uint32_t leaf, std::uint32_t subleaf) = 0;

protected:
    ~Cpuid_source() = default;
};

/// Hypercalls: the number and arguments are in the vcpu's registers; the answer goes to rax.
class Call_target
{
public:
    virtual std::uint64_t call(processor::Vcpu& vcpu, std::uint64_t number) = 0;

protected:
    ~Call_target() = default;
};

/// Who learns that a vcpu cannot go on.
class Vm_events
{
public:
    virtual void crashed(processor::Vcpu& vcpu, const arch::Exit& exit, const char* why) = 0;

protected:
    ~Vm_events() = default;
};

/// One VM's map from exits to the objects that own them.
/// Concurrency: filled before the first vcpu runs, then read-only; every vcpu dispatches through it without a lock.
/// Failure:     what nobody owns reads as all-ones and swallows writes, an unknown MSR is #GP; an exit that nobody
///              knows ends the VM through Vm_events.
class Dispatcher final : public processor::Exit_handler
{
public:
    Dispatcher(Cpuid_source& cpuid, Msr_device& msrs, Call_target& calls, Vm_events& events)
        : cpuid_(cpuid), msrs_(msrs), calls_(calls), events_(events)
    {
    }

    Result<> add_ports(std::uint16_t first, std::uint16_t count, Port_device& device);
    Result<> add_memory(Range<Guest_physical> range, Memory_device& device)
    {
        return memory_.add(range.begin.value(), range.size.value(), device);
    }

    void handle(processor::Vcpu& vcpu, const arch::Exit& exit) override;

    std::uint32_t read_port(processor::Vcpu& vcpu, std::uint16_t port, unsigned size);
    void write_port(processor::Vcpu& vcpu, std::uint16_t port, unsigned size, std::uint32_t value);
    std::uint64_t read_memory(processor::Vcpu& vcpu, Guest_physical at, unsigned size);
    void write_memory(processor::Vcpu& vcpu, Guest_physical at, unsigned size, std::uint64_t value);

private:
    void handle_cpuid(processor::Vcpu& vcpu, const arch::Exit& exit);
    void handle_msr(processor::Vcpu& vcpu, const arch::Exit& exit);
    void handle_port(processor::Vcpu& vcpu, const arch::Exit& exit);
    void handle_memory(processor::Vcpu& vcpu, const arch::Exit& exit);
    void handle_call(processor::Vcpu& vcpu, const arch::Exit& exit);
    void handle_invalid_state(processor::Vcpu& vcpu, const arch::Exit& exit);
    void handle_instruction(processor::Vcpu& vcpu, const Device_place& device);

    Cpuid_source& cpuid_;
    Msr_device& msrs_;
    Call_target& calls_;
    Vm_events& events_;
    /// Most devices of a PC live here, and most ports that guests probe in vain: one load instead of a search.
    static constexpr std::size_t low_ports = 0x400;

    Port_device* port_owner(std::uint16_t port) const
    {
        if (port < low_ports)
            return low_owners_[low_[port]];
        auto const* const entry = ports_.find(port);
        return entry == nullptr ? nullptr : entry->owner;
    }

    std::array<std::uint8_t, low_ports> low_{}; ///< index into low_owners_; 0: nobody
    std::array<Port_device*, 33> low_owners_{};
    std::size_t low_count_ = 0;
    Range_table<Port_device, 48> ports_{};
    Range_table<Memory_device, 16> memory_{};
};

} // namespace ovm::interface
