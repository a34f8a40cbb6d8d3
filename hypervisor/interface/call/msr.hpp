#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "interface/call/paravirtual.hpp"
#include "interface/exit/dispatcher.hpp"
#include "interface/platform/guest_time.hpp"
#include "interface/platform/local_apic.hpp"

namespace ovm::interface
{

/// One vcpu's model-specific registers that are emulated. What is the processor's own goes to Virtual_processor.
struct Vcpu_msrs
{
    Local_apic* apic = nullptr;
    Guest_time* time = nullptr;
    Paravirtual* paravirtual = nullptr;
    std::array<std::uint64_t, 16> variable_ranges{}; ///< MTRRphysBase, MTRRphysMask
    std::array<std::uint64_t, 11> fixed_ranges{};
    std::uint64_t default_type = 0;
    std::uint64_t hardware_configuration = 0;
    std::uint64_t decode_configuration = 0;
    std::uint64_t system_configuration = 0;
};

/// What RDMSR and WRMSR reach (APM volume 2, appendix A). Registers that nobody offers are #GP; those that Linux
/// touches on AMD without asking keep what is written, or ignore it, as a processor that lacks the feature would.
/// Concurrency: each vcpu its own entry.
class Msr_policy final : public Msr_device
{
public:
    Result<> attach(std::uint32_t vcpu, Local_apic& apic, Guest_time& time, Paravirtual& paravirtual);

    Result<std::uint64_t> read_msr(processor::Vcpu& vcpu, std::uint32_t msr) override;
    Result<> write_msr(processor::Vcpu& vcpu, std::uint32_t msr, std::uint64_t value) override;

private:
    Result<std::uint64_t> read_other(processor::Vcpu& vcpu, Vcpu_msrs& msrs, std::uint32_t msr);
    Result<> write_other(processor::Vcpu& vcpu, Vcpu_msrs& msrs, std::uint32_t msr, std::uint64_t value);
    Result<> move_time(processor::Vcpu& vcpu, Vcpu_msrs& msrs, std::uint64_t difference);

    std::array<Vcpu_msrs, 16> vcpus_{};
};

} // namespace ovm::interface
