#include "interface/machine/platform.hpp"

#include "interface/boot/memory_map.hpp"
#include "interface/call/vcpu_fixture.hpp"
#include "interface/platform/device_fakes.hpp"

namespace ovm::interface::test
{

/// The PC as a VM gets it, with nothing wired by the test.
class Platform_test : public Vcpu_fixture, private Vm_events
{
protected:
    static constexpr std::uint16_t serial = 0x3f8;
    static constexpr std::uint8_t vector = 0x51;
    static constexpr unsigned serial_input = 4;

    Platform_test()
    {
        platform.emplace(timers, output, machine, *memory_, 1u, machine_start);
        dispatcher.emplace(platform->cpuid(), platform->msrs(), platform->calls(), static_cast<Vm_events&>(*this));
        EXPECT_TRUE(platform->connect(*dispatcher, {}));
        auto const added = platform->add_processor(heap, 0, timers);
        EXPECT_TRUE(added);
        interrupts = *added;
        platform->attach(0, *vcpu);
        write_apic(0x0f0, 0x1ff);
    }
    ~Platform_test() override { platform->stop(); }

    void write_apic(std::uint64_t offset, std::uint32_t value)
    {
        dispatcher->write_memory(*vcpu, layout::lapic.begin + Bytes(offset), 4, value);
    }
    std::uint32_t read_apic(std::uint64_t offset)
    {
        return static_cast<std::uint32_t>(dispatcher->read_memory(*vcpu, layout::lapic.begin + Bytes(offset), 4));
    }
    std::uint32_t read_ioapic(std::uint32_t index)
    {
        dispatcher->write_memory(*vcpu, layout::ioapic.begin, 4, index);
        return static_cast<std::uint32_t>(dispatcher->read_memory(*vcpu, layout::ioapic.begin + Bytes(0x10), 4));
    }
    void write_ioapic(std::uint32_t index, std::uint32_t value)
    {
        dispatcher->write_memory(*vcpu, layout::ioapic.begin, 4, index);
        dispatcher->write_memory(*vcpu, layout::ioapic.begin + Bytes(0x10), 4, value);
    }
    void out(std::uint16_t port, std::uint8_t value) { dispatcher->write_port(*vcpu, port, 1, value); }
    std::uint8_t in(std::uint16_t port) { return static_cast<std::uint8_t>(dispatcher->read_port(*vcpu, port, 1)); }
    /// The vector that is pending, taken as the vcpu takes it; 0 when none is.
    unsigned take()
    {
        auto const pending = interrupts->pending_interrupt();
        return pending ? interrupts->acknowledge(*pending) : 0u;
    }

    void crashed(processor::Vcpu&, const arch::Exit&, const char*) override {}

    Fake_timers timers;
    Recording_byte_sink output;
    Recording_machine machine;
    memory::Heap heap{frames_, Node_id{0}};
    std::optional<Platform> platform;
    std::optional<Dispatcher> dispatcher;
    processor::Interrupt_port* interrupts = nullptr;
};

TEST_F(Platform_test, TheEndOfALevelInterruptReachesTheIoapic)
{
    constexpr std::uint32_t low = 0x10 + serial_input * 2;
    write_ioapic(low + 1, 0);
    write_ioapic(low, 0x8000u | vector); // level triggered, to the first vcpu
    for (unsigned round = 0; round < 3; ++round)
    {
        out(serial + 4, 0x08); // OUT2 lets interrupts pass
        out(serial + 1, 0x02); // the transmitter is empty: the line rises
        EXPECT_EQ(take(), vector) << "round " << round;
        EXPECT_EQ(read_ioapic(low) & 0x4000, 0x4000u);
        EXPECT_EQ(take(), 0u);
        out(serial + 1, 0); // and falls
        write_apic(0x0b0, 0);
        EXPECT_EQ(read_ioapic(low) & 0x4000, 0u);
        EXPECT_EQ(take(), 0u);
    }
}

TEST_F(Platform_test, ALevelThatStaysInterruptsAgain)
{
    constexpr std::uint32_t low = 0x10 + serial_input * 2;
    write_ioapic(low, 0x8000u | vector);
    out(serial + 4, 0x08);
    out(serial + 1, 0x02);
    EXPECT_EQ(take(), vector);
    write_apic(0x0b0, 0);
    EXPECT_EQ(take(), vector);
    EXPECT_EQ(read_apic(0x100 + (vector / 32) * 0x10), 1u << vector % 32);
}

} // namespace ovm::interface::test
