#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "interface/boot/configuration.hpp"
#include "interface/call/cpuid.hpp"
#include "interface/call/msr.hpp"
#include "interface/call/paravirtual.hpp"
#include "interface/exit/dispatcher.hpp"
#include "interface/platform/acpi_pm.hpp"
#include "interface/platform/apic_bus.hpp"
#include "interface/platform/debug_exit.hpp"
#include "interface/platform/interrupt_router.hpp"
#include "interface/platform/ioapic.hpp"
#include "interface/platform/local_apic.hpp"
#include "interface/platform/pci.hpp"
#include "interface/platform/pic.hpp"
#include "interface/platform/pit.hpp"
#include "interface/platform/reset_control.hpp"
#include "interface/platform/rtc.hpp"
#include "interface/platform/uart.hpp"
#include "interface/platform/vcpu_client.hpp"
#include "memory/heap.hpp"
#include "processor/timer_group.hpp"

namespace ovm::interface
{

/// The small PC of one VM: its devices, wired. A vcpu's local APIC keeps time on that vcpu's core, the machine's
/// devices on that of vcpu 0. Concurrency: each device's own. Lifetime: its VM's; the vcpus are destroyed first.
class Platform
{
public:
    Platform(processor::Timer_service& timers, Byte_sink& serial_output, Machine_control& control,
             memory::Guest_memory& memory, std::uint32_t vcpus, Ticks start);
    Platform(const Platform&) = delete;
    Platform& operator=(const Platform&) = delete;

    /// Registers every device with the dispatcher.
    Result<> connect(Dispatcher& dispatcher, std::optional<std::uint16_t> debug_exit);
    /// What a vcpu needs before it is made: its local APIC, whose timers run on its core.
    Result<processor::Interrupt_port*> add_processor(memory::Heap& heap, std::uint32_t index,
                                                     processor::Timer_service& timers);
    /// The vcpu itself.
    void attach(std::uint32_t index, processor::Vcpu& vcpu);
    void resumed(processor::Vcpu& vcpu);
    /// A vcpu moves: what keeps time on its core goes to that queue. On the core that it leaves.
    void move(std::uint32_t index, processor::Timer_service& to);
    /// All vcpus have stopped: from here on, no device does anything by itself, and none knows a vcpu.
    void stop();

    Cpuid_source& cpuid() { return cpuid_; }
    Msr_device& msrs() { return msrs_; }
    Call_target& calls() { return calls_; }
    Byte_sink& keyboard() { return uart_; }

private:
    /// What belongs to one vcpu.
    struct Processor
    {
        Processor(Platform& platform, std::uint32_t index, processor::Timer_service& core_timers);

        processor::Timer_group timers;
        Guest_time time;
        Local_apic apic;
        Paravirtual paravirtual;
        std::optional<Vcpu_client> client{};
    };

    /// The local APICs' page: each vcpu meets its own there.
    class Apic_window final : public Memory_device
    {
    public:
        explicit Apic_window(Platform& platform) : platform_(platform) {}
        std::uint64_t read_memory(processor::Vcpu& vcpu, Bytes offset, unsigned size) override;
        void write_memory(processor::Vcpu& vcpu, Bytes offset, unsigned size, std::uint64_t value) override;

    private:
        Platform& platform_;
    };

    /// The PICs' INT leads to LINT0 of the first local APIC: virtual wire mode.
    class Virtual_wire final : public Interrupt_pin
    {
    public:
        explicit Virtual_wire(Platform& platform) : platform_(platform) {}
        void set(bool level) override;

    private:
        Platform& platform_;
    };

    Ticks start_;
    memory::Guest_memory& memory_;
    processor::Timer_group timers_;
    Platform_clock clock_;
    Apic_bus bus_{};
    Virtual_wire virtual_wire_{*this};
    Pic pic_{virtual_wire_};
    Ioapic ioapic_{bus_, 0};
    Interrupt_router router_{pic_, ioapic_};
    Uart uart_;
    Pit pit_;
    Rtc rtc_;
    Acpi_pm power_;
    Reset_control reset_;
    Debug_exit debug_exit_;
    Pci_bus pci_;
    Pci_host_bridge host_bridge_{};
    Cpuid_policy cpuid_;
    Msr_policy msrs_{};
    Paravirtual_calls calls_{};
    Apic_window apic_window_{*this};
    std::array<object::Owned<Processor>, max_vcpus> processors_{};
};

} // namespace ovm::interface
