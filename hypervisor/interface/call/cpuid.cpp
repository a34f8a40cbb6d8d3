#include "interface/call/cpuid.hpp"

#include <algorithm>
#include <bit>

#include "arch/identification.hpp"
#include "arch/processor.hpp"
#include "base/bits.hpp"
#include "interface/call/paravirtual.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::uint32_t one(unsigned position)
{
    return std::uint32_t{1} << position;
}

Cpuid_result host(std::uint32_t leaf, std::uint32_t subleaf = 0)
{
    auto const answer = arch::identify(leaf, subleaf);
    return {answer.eax, answer.ebx, answer.ecx, answer.edx};
}

constexpr std::uint32_t first_extended = 0x8000'0000;
constexpr std::uint32_t first_paravirtual = 0x4000'0000;

// Leaf 1, ECX: SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND.
constexpr std::uint32_t leaf_1_ecx = one(0) | one(1) | one(9) | one(12) | one(13) | one(19) | one(20) | one(22) |
                                     one(23) | one(25) | one(26) | one(28) | one(29) | one(30);
constexpr std::uint32_t x2apic = one(21);
constexpr std::uint32_t tsc_deadline = one(24);
constexpr std::uint32_t os_xsave = one(27);
constexpr std::uint32_t hypervisor = one(31);
// Leaf 1, EDX: all but DS ACPI TM PBE and the reserved ones.
constexpr std::uint32_t leaf_1_edx = ~(one(10) | one(18) | one(20) | one(21) | one(22) | one(29) | one(30) | one(31));
constexpr std::uint32_t multi_threaded = one(28);
// Leaf 7, EBX: FSGSBASE BMI1 AVX2 SMEP BMI2 ERMS RDSEED ADX SMAP CLFLUSHOPT CLWB SHA.
constexpr std::uint32_t leaf_7_ebx =
    one(0) | one(3) | one(5) | one(7) | one(8) | one(9) | one(18) | one(19) | one(20) | one(23) | one(24) | one(29);
constexpr std::uint32_t tsc_adjust = one(1);
// Leaf 7, ECX: UMIP GFNI VAES VPCLMULQDQ RDPID.
constexpr std::uint32_t leaf_7_ecx = one(2) | one(8) | one(9) | one(10) | one(22);
// 8000_0001h, ECX: LahfSahf CmpLegacy AltMovCr8 ABM SSE4A MisAlignSse 3DNowPrefetch XOP FMA4 TBM.
constexpr std::uint32_t extended_1_ecx =
    one(0) | one(1) | one(4) | one(5) | one(6) | one(7) | one(8) | one(11) | one(16) | one(21);
constexpr std::uint32_t invariant_tsc = one(8);
constexpr std::uint32_t compare_legacy = one(1);
// 8000_0008h, EBX: CLZERO, XSAVEERPTR.
constexpr std::uint32_t extended_8_ebx = one(0) | one(2);

/// The leaves whose answer depends on the vcpu or the subleaf.
constexpr std::uint32_t vcpu_leaves = one(1) | one(7) | one(0xb) | one(0xd);

constexpr std::uint64_t cr4_os_xsave = bit(18);
constexpr std::uint32_t legacy_state_size = 576; ///< x87, SSE and the header (APM volume 2, 11.5.2)
constexpr std::uint32_t avx_size = 256;

} // namespace

Cpuid_policy::Cpuid_policy(std::uint32_t vcpus) : vcpus_(vcpus)
{
    highest_basic_ = std::min<std::uint32_t>(std::max<std::uint32_t>(host(0).eax, 0xb), basic_leaves - 1);
    highest_extended_ = std::min<std::uint32_t>(host(first_extended).eax, first_extended + extended_leaves - 1);
    make_basic(vcpus);
    make_extended(vcpus);
}

void Cpuid_policy::make_basic(std::uint32_t vcpus)
{
    basic_[0] = host(0);
    basic_[0].eax = highest_basic_;
    auto features = host(1);
    features.ebx = (features.ebx & 0xffff) | (vcpus << 16);
    features.ecx = (features.ecx & leaf_1_ecx) | x2apic | tsc_deadline | hypervisor;
    features.edx = (features.edx & leaf_1_edx) | (vcpus > 1 ? multi_threaded : 0);
    if (vcpus == 1)
        features.edx &= ~multi_threaded;
    basic_[1] = features;
    basic_[6].eax = one(2); // ARAT: the local APIC's timer never stops
    auto structured = host(7);
    basic_[7] = {0, (structured.ebx & leaf_7_ebx) | tsc_adjust, structured.ecx & leaf_7_ecx, 0};
    if (highest_basic_ >= 0xd)
    {
        auto const state = host(0xd);
        basic_[0xd] = {state.eax & 7, legacy_state_size, legacy_state_size + ((state.eax & 4) != 0 ? avx_size : 0), 0};
        compaction_.eax = host(0xd, 1).eax & 7; // XSAVEOPT XSAVEC XGETBV1
    }
}

void Cpuid_policy::make_extended(std::uint32_t vcpus)
{
    for (std::uint32_t leaf = 0; first_extended + leaf <= highest_extended_; ++leaf)
    {
        // Identity, brand string, caches, address sizes, TLBs of 1 GiB pages; nothing else is passed on.
        if (leaf <= 6 || leaf == 8 || leaf == 0x19 || leaf == 0x1a)
            extended_[leaf] = host(first_extended + leaf);
    }
    extended_[0].eax = highest_extended_;
    extended_[1].ecx = (extended_[1].ecx & extended_1_ecx & ~compare_legacy) | (vcpus > 1 ? compare_legacy : 0);
    if (arch::time_stamp_is_invariant())
        extended_[7].edx = invariant_tsc;
    extended_[8].ebx &= extended_8_ebx;
    extended_[8].ecx = (vcpus - 1) | (static_cast<std::uint32_t>(std::bit_width(vcpus - 1)) << 12);
    extended_[8].edx = 0;
}

Cpuid_result Cpuid_policy::topology(std::uint32_t subleaf, std::uint32_t apic_id) const
{
    if (subleaf == 0)
        return {0, 1, 0x100, apic_id};
    if (subleaf == 1)
        return {static_cast<std::uint32_t>(std::bit_width(vcpus_ - 1)), vcpus_, 0x201, apic_id};
    return {0, 0, subleaf & 0xff, apic_id};
}

Cpuid_result Cpuid_policy::extended_state(std::uint32_t subleaf, std::uint64_t xcr0) const
{
    auto whole = basic_[0xd];
    if (subleaf == 0)
    {
        whole.ebx = legacy_state_size + ((xcr0 & 4) != 0 ? avx_size : 0);
        return whole;
    }
    if (subleaf == 1)
        return {compaction_.eax, legacy_state_size + ((xcr0 & 4) != 0 ? avx_size : 0), 0, 0};
    if (subleaf == 2 && (whole.eax & 4) != 0)
        return {avx_size, legacy_state_size, 0, 0};
    return {};
}

Cpuid_result Cpuid_policy::paravirtual(std::uint32_t leaf)
{
    if (leaf == first_paravirtual)
        return {first_paravirtual + 1, 0x4b4d564b, 0x564b4d56, 0x0000004d}; // "KVMKVMKVM"
    if (leaf == first_paravirtual + 1)
        return {paravirtual_features(), 0, 0, 0};
    return {};
}

Cpuid_result Cpuid_policy::cpuid(processor::Vcpu& vcpu, std::uint32_t leaf, std::uint32_t subleaf)
{
    // Most questions have one answer for all vcpus; leaves beyond the highest are zero in the table too.
    if (leaf < basic_leaves && ((vcpu_leaves >> leaf) & 1) == 0) [[likely]]
        return basic_[leaf];
    return answer(leaf, subleaf, vcpu.index().value(), vcpu.state().cr4(), vcpu.state().xcr0());
}

Cpuid_result Cpuid_policy::answer(std::uint32_t leaf, std::uint32_t subleaf, std::uint32_t apic_id, std::uint64_t cr4,
                                  std::uint64_t xcr0) const
{
    if (leaf >= first_extended && leaf <= highest_extended_)
        return extended_[leaf - first_extended];
    if (leaf >= first_paravirtual && leaf < first_paravirtual + 0x100)
        return paravirtual(leaf);
    if (leaf > highest_basic_)
        return {}; // as AMD's processors do
    if (leaf == 1)
    {
        auto features = basic_[1];
        features.ebx |= apic_id << 24;
        if ((cr4 & cr4_os_xsave) != 0 && (features.ecx & one(26)) != 0)
            features.ecx |= os_xsave;
        return features;
    }
    if (leaf == 0xb)
        return topology(subleaf, apic_id);
    if (leaf == 0xd)
        return extended_state(subleaf, xcr0);
    if (leaf == 7 && subleaf != 0)
        return {};
    return basic_[leaf];
}

} // namespace ovm::interface
