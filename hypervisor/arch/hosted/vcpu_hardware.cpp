#include <array>
#include <cstring>
#include <mutex>
#include <utility>

#include "arch/hosted/vcpu.hpp"
#include "arch/processor.hpp"
#include "base/contract.hpp"

namespace ovm::arch
{

namespace
{

struct Recorded_processor
{
    hosted::Extended_registers registers{};
    std::vector<hosted::Use> uses{};
};

struct Recorded_machine
{
    std::mutex mutex{};
    std::array<Recorded_processor, max_cores> cores{};
    std::function<void(hosted::Guest&)> guest{};
    Virtualization_support support = Virtualization_support::available;
    svm::hardware::Features features = hosted::default_features();
};

Recorded_machine& recorded()
{
    static auto* const the = new Recorded_machine;
    return *the;
}

Recorded_processor& here()
{
    return recorded().cores[this_core().value()];
}

void record(const hosted::Use& use)
{
    std::lock_guard const guard(recorded().mutex);
    here().uses.push_back(use);
}

/// Where the content lies in a saved area: behind the parts that have a meaning of their own.
constexpr std::size_t content_at = 160;

} // namespace

namespace hosted
{

using Kind = Use::Kind;

void Guest::exit(std::uint64_t code, std::uint64_t information1, std::uint64_t information2)
{
    vmcb.control.exit_code = code;
    vmcb.control.exit_info1 = information1;
    vmcb.control.exit_info2 = information2;
}

void run_guests_as(std::function<void(Guest&)> guest)
{
    std::lock_guard const guard(recorded().mutex);
    recorded().guest = std::move(guest);
}

void set_virtualization(Virtualization_support support, const svm::hardware::Features& features)
{
    std::lock_guard const guard(recorded().mutex);
    recorded().support = support;
    recorded().features = features;
}

svm::hardware::Features default_features()
{
    return {.asids = 16,
            .clean_bits = true,
            .tsc_aux = true,
            .speculation_control = 7,
            .prediction_barrier = true,
            .xcr0_mask = 7,
            .extended_state_size = Bytes(832),
            .signature = 0x0080'0f12,
            .efer_mask = 0xD01};
}

std::vector<Use> uses(Core_id core)
{
    std::lock_guard const guard(recorded().mutex);
    return recorded().cores[core.value()].uses;
}

Extended_registers& extended_registers(Core_id core)
{
    return recorded().cores[core.value()].registers;
}

void forget_hardware()
{
    std::lock_guard const guard(recorded().mutex);
    recorded().cores = {};
    recorded().guest = {};
    recorded().support = Virtualization_support::available;
    recorded().features = default_features();
}

} // namespace hosted

namespace svm::hardware
{

using hosted::Use;
using Kind = Use::Kind;

Virtualization_support support()
{
    return recorded().support;
}

Features features()
{
    return recorded().features;
}

Permission_maps permission_maps()
{
    return {.ports = Host_physical(0x1000), .msrs = Host_physical(0x4000)};
}

void enable(const Features&, Host_physical host_save, Host_physical)
{
    record({.kind = Kind::enable, .value = host_save.value()});
}

void enter(std::uint64_t vmcb_at, std::uint64_t* registers, std::uint64_t)
{
    auto& vmcb = *reinterpret_cast<Vmcb*>(physical_bytes(Host_physical(vmcb_at), page_size).data());
    auto& control = vmcb.control;
    record(
        {.kind = Kind::enter, .value = control.asid, .flush = control.tlb_control, .clean_bits = control.clean_bits});
    std::function<void(hosted::Guest&)> run;
    {
        std::lock_guard const guard(recorded().mutex);
        run = recorded().guest;
    }
    control.exit_int_info = 0;
    hosted::Guest guest{.vmcb = vmcb, .registers = registers, .core = this_core()};
    if (run)
        run(guest);
    else
        guest.exit(exit_code::intr);
    // The processor delivers what was injected, and clears the field at the exit (APM volume 2, 15.6).
    control.event_injection = 0;
}

std::uint64_t xcr0()
{
    return here().registers.xcr0;
}

void set_xcr0(std::uint64_t value)
{
    record({.kind = Kind::set_xcr0, .value = value});
    here().registers.xcr0 = value;
}

void save_extended_state(const Features& features, std::uint8_t* area)
{
    // With less enabled, part of one guest's state would stay for the next.
    OVM_REQUIRES_THAT(here().registers.xcr0 == features.xcr0_mask || features.xcr0_mask == 0);
    record({.kind = Kind::save_state});
    std::memcpy(area + content_at, &here().registers.content, sizeof(std::uint64_t));
}

void load_extended_state(const Features& features, const std::uint8_t* area)
{
    OVM_REQUIRES_THAT(here().registers.xcr0 == features.xcr0_mask || features.xcr0_mask == 0);
    record({.kind = Kind::load_state});
    std::memcpy(&here().registers.content, area + content_at, sizeof(std::uint64_t));
}

Debug_addresses debug_addresses()
{
    return here().registers.debug;
}

void set_debug_addresses(const Debug_addresses& values)
{
    record({.kind = Kind::set_debug_addresses});
    here().registers.debug = values;
}

void forget_breakpoints()
{
    record({.kind = Kind::forget_breakpoints});
}

void set_tsc_aux(std::uint64_t value)
{
    record({.kind = Kind::set_tsc_aux, .value = value});
    here().registers.tsc_aux = value;
}

void set_speculation_control(std::uint64_t value)
{
    record({.kind = Kind::set_speculation_control, .value = value});
}

void prediction_barrier()
{
    record({.kind = Kind::prediction_barrier});
}

} // namespace svm::hardware

} // namespace ovm::arch
