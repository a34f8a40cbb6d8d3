#pragma once

#include <array>
#include <cstdint>

#include "interface/exit/dispatcher.hpp"

namespace ovm::interface
{

/// What one VM's processors say of themselves (APM volume 3, appendix E; SDM volume 2A, CPUID): the machine's features
/// without those that guests are not offered, one socket with a core for each vcpu, and KVM's paravirtual leaves
/// (Linux' Documentation/virt/kvm/x86/cpuid.rst).
/// Concurrency: read-only after construction. Cost: a table look-up; only what depends on the vcpu is computed.
class Cpuid_policy final : public Cpuid_source
{
public:
    explicit Cpuid_policy(std::uint32_t vcpus);

    Cpuid_result cpuid(processor::Vcpu& vcpu, std::uint32_t leaf, std::uint32_t subleaf) override;

    /// The same for a vcpu with this APIC id, CR4 and XCR0.
    Cpuid_result answer(std::uint32_t leaf, std::uint32_t subleaf, std::uint32_t apic_id, std::uint64_t cr4,
                        std::uint64_t xcr0) const;

private:
    static constexpr std::uint32_t basic_leaves = 0xe;
    static constexpr std::uint32_t extended_leaves = 0x1f;

    void make_basic(std::uint32_t vcpus);
    void make_extended(std::uint32_t vcpus);
    Cpuid_result topology(std::uint32_t subleaf, std::uint32_t apic_id) const;
    Cpuid_result extended_state(std::uint32_t subleaf, std::uint64_t xcr0) const;
    static Cpuid_result paravirtual(std::uint32_t leaf);

    std::uint32_t vcpus_;
    std::uint32_t highest_basic_ = 0;
    std::uint32_t highest_extended_ = 0;
    std::array<Cpuid_result, basic_leaves> basic_{};
    std::array<Cpuid_result, extended_leaves> extended_{};
    Cpuid_result compaction_{};
};

} // namespace ovm::interface
