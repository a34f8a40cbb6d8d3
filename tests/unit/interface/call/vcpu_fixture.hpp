#pragma once

#include <algorithm>
#include <memory>
#include <optional>

#include "arch/hosted/vcpu.hpp"
#include "interface/boot/guest_fixture.hpp"
#include "interface/call/msr.hpp"
#include "interface/platform/vcpu_client.hpp"
#include "processor/core.hpp"
#include "processor/core_policies.hpp"

namespace ovm::interface::test
{

/// A vcpu on the hosted machine with the objects that answer its MSRs. It never runs.
class Vcpu_fixture : public Guest, private processor::Exit_handler, private processor::Vcpu_events
{
protected:
    static constexpr Ticks machine_start{1'000'000'000};

    Vcpu_fixture()
    {
        arch::hosted::forget_hardware();
        arch::hosted::set_time(machine_start);
        auto const core_frame = frame(1);
        auto virtual_core = arch::Virtual_core::create(Core_id(0), core_frame);
        EXPECT_TRUE(virtual_core);
        core.emplace(Core_id(0), policies.start(0), static_cast<processor::Core_events&>(policies), *virtual_core);
        time.emplace(machine_start);
        apic.emplace(0u, bus, Platform_clock{core->timers(), arch::ticks_per_second()}, *time);
        EXPECT_TRUE(bus.add(*apic));
        paravirtual.emplace(*memory_, *time, machine_start);
        processor::Exit_handler& handler = *this;
        processor::Vcpu_events& events = *this;
        vcpu.emplace(processor::Vcpu::Identity{Vm_id(1), Vcpu_index(0)}, *core, frame(2), *memory_, handler, *apic,
                     events);
        client.emplace(*vcpu);
        apic->connect(static_cast<Apic_client&>(*client));
        EXPECT_TRUE(msrs.attach(0, *apic, *time, *paravirtual));
    }

    Result<std::uint64_t> read(std::uint32_t msr) { return msrs.read_msr(*vcpu, msr); }
    Result<> write(std::uint32_t msr, std::uint64_t value) { return msrs.write_msr(*vcpu, msr, value); }

    ovm::test::Core_policies policies{1, pool_};
    std::optional<processor::Core> core;
    Apic_bus bus;
    std::optional<Guest_time> time;
    std::optional<Local_apic> apic;
    std::optional<Paravirtual> paravirtual;
    std::optional<processor::Vcpu> vcpu;
    std::optional<Vcpu_client> client;
    Msr_policy msrs;

private:
    Host_physical frame(std::uint8_t order)
    {
        auto const pages = std::uint64_t{1} << order;
        auto const needed = arch::Virtual_processor::memory_needed().value() / page_size.value();
        auto const enough = std::max<std::uint64_t>(pages, std::bit_ceil(needed));
        auto const at =
            frames_.allocate(memory::Page_order(static_cast<std::uint8_t>(std::countr_zero(enough))), Node_id{0});
        EXPECT_TRUE(at);
        std::ranges::fill(arch::physical_bytes(*at, Bytes(enough * page_size.value())), std::uint8_t{0});
        return *at;
    }

    void handle(processor::Vcpu&, const arch::Exit&) override {}
    void resumed(processor::Vcpu&) override {}
    void halted_for_good(processor::Vcpu&) override {}
    void refused(processor::Vcpu&) override {}
    void stopped(processor::Vcpu&) override {}
    void flushed(processor::Vcpu&) override {}
    void moving(processor::Vcpu&, processor::Core&) override {}
};

} // namespace ovm::interface::test
