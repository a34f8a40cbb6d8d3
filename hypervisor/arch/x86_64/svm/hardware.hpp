#pragma once

#include <array>
#include <cstdint>

#include "base/strong.hpp"

/// The instructions that running guests needs, and nothing else, so that the hosted port can stand in for the processor
/// and record them: machine/ here, arch/hosted/vcpu_hardware.cpp there.
namespace ovm::arch
{

/// Whether this processor can run guests.
enum class Virtualization_support : std::uint8_t
{
    available,
    absent,     ///< no AMD-V (SVM)
    locked_off, ///< the firmware locked it off (VM_CR.SVMDIS and LOCK, APM volume 2, 15.30.1)
    no_nested_paging,
};

namespace svm::hardware
{

/// What this processor offers (APM volume 3, E.4.9: CPUID 8000_000Ah; E.3.9: CPUID 0Dh).
struct Features
{
    std::uint32_t asids = 2;
    bool next_rip = false;
    bool clean_bits = false;
    bool tsc_aux = false;                  ///< RDTSCP or RDPID
    std::uint64_t speculation_control = 0; ///< bits of SPEC_CTRL that exist
    bool prediction_barrier = false;
    bool stray_breakpoints = false;  ///< an emulator where breakpoints outlive DR7: hardware.cpp
    bool repeats_injections = false; ///< an emulator that may deliver an injected interrupt twice: hardware.cpp
    std::uint64_t xcr0_mask = 0;     ///< 0: no XSAVE; FXSAVE does
    Bytes extended_state_size{512};
    std::uint32_t signature = 0; ///< CPUID 1 EAX: in EDX after reset
    std::uint64_t efer_mask = 0; ///< bits of EFER that a guest may set
};

struct Permission_maps
{
    Host_physical ports{}; ///< 12 KiB (APM volume 2, 15.10.1)
    Host_physical msrs{};  ///< 8 KiB (APM volume 2, 15.11)
};

using Debug_addresses = std::array<std::uint64_t, 4>;

Virtualization_support support();
Features features();
/// The same maps serve every guest of the machine: all ports, and all MSRs but those that VMLOAD and VMSAVE switch.
Permission_maps permission_maps();

/// Turns SVM and the extended state on for this core. `host_save` is a page for VMRUN (VM_HSAVE_PA, APM 15.30.4),
/// `host_state` one for VMLOAD, filled here with what the hypervisor itself runs with.
void enable(const Features& features, Host_physical host_save, Host_physical host_state);

std::uint64_t xcr0();
void set_xcr0(std::uint64_t value);
/// XSAVE and XRSTOR of all that XCR0 enables at the moment, or FXSAVE and FXRSTOR; the area is 64-byte aligned.
void save_extended_state(const Features& features, std::uint8_t* area);
void load_extended_state(const Features& features, const std::uint8_t* area);
Debug_addresses debug_addresses();
void set_debug_addresses(const Debug_addresses& values);
/// Nothing of a guest's instruction breakpoints stays behind: DR7 is written, and has all of them off.
void forget_breakpoints();
void set_tsc_aux(std::uint64_t value);
void set_speculation_control(std::uint64_t value);
/// IBPB (APM volume 2, 3.2.9).
void prediction_barrier();

#if OVM_HOSTED
/// As machine/world_switch.hpp says.
void enter(std::uint64_t vmcb, std::uint64_t* registers, std::uint64_t host_state);
#endif

} // namespace svm::hardware

} // namespace ovm::arch

#if !OVM_HOSTED
#include "arch/x86_64/svm/machine/world_switch.hpp"
#endif
