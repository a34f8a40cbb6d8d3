#include "interface/machine/platform.hpp"

#include "interface/boot/memory_map.hpp"

namespace ovm::interface
{

namespace
{

constexpr unsigned timer_line = 0;
constexpr unsigned serial_line = 4;
constexpr unsigned clock_line = 8;
constexpr std::uint16_t serial_port = 0x3f8;

} // namespace

Platform::Processor::Processor(Platform& platform, std::uint32_t index, processor::Timer_service& core_timers)
    : timers(core_timers), time(platform.start_),
      apic(index, platform.bus_, Platform_clock{timers, platform.clock_.ticks_per_second}, time),
      paravirtual(platform.memory_, time, platform.start_)
{
}

Platform::Platform(processor::Timer_service& timers, Byte_sink& serial_output, Machine_control& control,
                   memory::Guest_memory& memory, std::uint32_t vcpus, Ticks start)
    : start_(start), memory_(memory), timers_(timers), clock_{timers_, arch::ticks_per_second()},
      uart_(clock_, Irq_line(router_, serial_line), serial_output), pit_(clock_, router_, timer_line),
      rtc_(clock_, Irq_line(router_, clock_line), arch::boot_wall_clock_seconds(), memory.ram().low.size,
           memory.ram().high.size),
      power_(clock_, Irq_line(router_, Acpi_pm::interrupt_line), control), reset_(control), debug_exit_(control),
      pci_(reset_), cpuid_(vcpus)
{
    bus_.set_end_listener(ioapic_);
    pic_.connect(pit_);
    ioapic_.connect(pit_);
}

Result<> Platform::connect(Dispatcher& dispatcher, std::optional<std::uint16_t> debug_exit)
{
    OVM_TRY(dispatcher.add_ports(Pic::master_port, Pic::port_count, pic_));
    OVM_TRY(dispatcher.add_ports(Pic::slave_port, Pic::port_count, pic_));
    OVM_TRY(dispatcher.add_ports(Pic::edge_level_port, Pic::port_count, pic_));
    OVM_TRY(dispatcher.add_ports(Pit::first_port, Pit::port_count, pit_));
    OVM_TRY(dispatcher.add_ports(Pit::speaker_port, 1, pit_));
    OVM_TRY(dispatcher.add_ports(Rtc::first_port, Rtc::port_count, rtc_));
    OVM_TRY(dispatcher.add_ports(serial_port, Uart::port_count, uart_));
    OVM_TRY(dispatcher.add_ports(Acpi_pm::first_port, Acpi_pm::port_count, power_));
    OVM_TRY(dispatcher.add_ports(Reset_control::keyboard_data_port, 1, reset_));
    OVM_TRY(dispatcher.add_ports(Reset_control::keyboard_port, 1, reset_));
    OVM_TRY(dispatcher.add_ports(Reset_control::system_port, 1, reset_));
    OVM_TRY(dispatcher.add_ports(Pci_bus::first_port, Pci_bus::port_count, pci_));
    OVM_TRY(pci_.add(0, 0, host_bridge_));
    if (debug_exit)
        OVM_TRY(dispatcher.add_ports(*debug_exit, 1, debug_exit_));
    OVM_TRY(dispatcher.add_memory(layout::ecam, pci_));
    OVM_TRY(dispatcher.add_memory(layout::lapic, apic_window_));
    OVM_TRY(dispatcher.add_memory(layout::ioapic, ioapic_));
    return {};
}

Result<processor::Interrupt_port*> Platform::add_processor(memory::Heap& heap, std::uint32_t index,
                                                           processor::Timer_service& timers)
{
    auto& processor = processors_[index];
    processor = OVM_TRY(object::make<Processor>(heap, *this, index, timers));
    OVM_TRY(bus_.add(processor->apic));
    OVM_TRY(msrs_.attach(index, processor->apic, processor->time, processor->paravirtual));
    processor->apic.connect(static_cast<Lazy_end&>(processor->paravirtual));
    if (index == 0)
        processor->apic.connect(static_cast<External_interrupts&>(pic_));
    processor::Interrupt_port* const port = &processor->apic;
    return port;
}

void Platform::attach(std::uint32_t index, processor::Vcpu& vcpu)
{
    auto& processor = *processors_[index];
    processor.client.emplace(vcpu);
    processor.apic.connect(static_cast<Apic_client&>(*processor.client));
    vcpu.state().set_tsc_offset(processor.time.offset());
    processor.apic.reset();
}

void Platform::stop()
{
    uart_.stop();
    pit_.stop();
    rtc_.stop();
    power_.stop();
    for (auto& processor : processors_)
    {
        if (processor)
            processor->apic.disconnect();
    }
}

void Platform::resumed(processor::Vcpu& vcpu)
{
    processors_[vcpu.index().value()]->paravirtual.resumed(vcpu);
}

void Platform::move(std::uint32_t index, processor::Timer_service& to)
{
    processors_[index]->timers.move(to);
    if (index == 0)
        timers_.move(to);
}

std::uint64_t Platform::Apic_window::read_memory(processor::Vcpu& vcpu, Bytes offset, unsigned)
{
    return platform_.processors_[vcpu.index().value()]->apic.read_memory_register(offset.value());
}

void Platform::Apic_window::write_memory(processor::Vcpu& vcpu, Bytes offset, unsigned, std::uint64_t value)
{
    platform_.processors_[vcpu.index().value()]->apic.write_memory_register(offset.value(),
                                                                            static_cast<std::uint32_t>(value));
}

void Platform::Virtual_wire::set(bool level)
{
    if (auto* const first = platform_.processors_[0].get())
        first->apic.set_local_input(0, level);
}

} // namespace ovm::interface
