#include "arch/x86_64/svm/hardware.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "arch/processor.hpp"
#include "arch/x86_64/control.hpp"
#include "arch/x86_64/cpuid.hpp"
#include "arch/x86_64/layout.hpp"
#include "arch/x86_64/msr.hpp"
#include "base/bits.hpp"

namespace ovm::arch::svm::hardware
{

namespace
{

constexpr std::uint64_t vm_cr_svm_disable = bit(4);

struct alignas(4096) Maps
{
    std::array<std::uint8_t, 3 * 4096> ports{};
    std::array<std::uint8_t, 2 * 4096> msrs{};
};

// Written by the first core's enable(), before any guest; in zeroed memory of the image.
constinit Maps maps{};

/// Two bits for each MSR, in three blocks (APM volume 2, 15.11).
void pass_msr(std::uint32_t msr)
{
    auto const block = msr >= 0xC000'0000 ? 0x800U : 0U;
    auto const number = msr & 0x1FFF;
    maps.msrs[block + number / 4] &= static_cast<std::uint8_t>(~(3U << (number % 4 * 2)));
}

void fill_maps()
{
    if (maps.ports[0] != 0)
        return;
    maps.msrs.fill(0xFF);
    for (auto const msr : {Msr::sysenter_cs, Msr::sysenter_esp, Msr::sysenter_eip, Msr::star, Msr::lstar, Msr::cstar,
                           Msr::sfmask, Msr::fs_base, Msr::gs_base, Msr::kernel_gs_base})
        pass_msr(static_cast<std::uint32_t>(msr));
    maps.ports.fill(0xFF);
}

/// TCG does not always tell its name; it is the one that says it is no hardware (CPUID 1 ECX[31]) and yet saves no next
/// RIP. What is done for it is right elsewhere too, and costs little.
bool is_emulator(bool next_rip)
{
    return (cpuid(1).ecx & bit(31)) != 0 && !next_rip;
}

/// QEMU's TCG delivers an interrupt of EVENTINJ inside of VMRUN and leaves its number where exceptions wait for the
/// emulator's loop. If another thread of QEMU asks the loop to stop for a reason of its own (an RCU grace period)
/// before the next exit or interrupt, the loop delivers it once more, whatever the guest's IF says. Seen in 7.2 under
/// load. Whoever else is taken for it pays one more exit for each interrupt.
bool repeats_injections(bool next_rip)
{
    return is_emulator(next_rip);
}

/// TCG's MOV to DR7 puts breakpoints on a list, and VMRUN and #VMEXIT write DR7 past it. One on an instruction raises
/// #DB whatever DR7 says at that moment: in another guest, or here.
bool has_stray_breakpoints(bool next_rip)
{
    return is_emulator(next_rip);
}

Host_physical in_image(const void* object)
{
    return Host_physical(reinterpret_cast<std::uint64_t>(object) - image_map.value());
}

} // namespace

Virtualization_support support()
{
    if ((cpuid(0x8000'0001).ecx & bit(2)) == 0)
        return Virtualization_support::absent;
    if ((read_msr(Msr::vm_cr) & vm_cr_svm_disable) != 0)
        return Virtualization_support::locked_off;
    if ((cpuid(0x8000'000A).edx & bit(0)) == 0)
        return Virtualization_support::no_nested_paging;
    return Virtualization_support::available;
}

Features features()
{
    auto const svm = cpuid(0x8000'000A);
    auto const extended = cpuid(0x8000'0001);
    auto const sizes = cpuid(0x8000'0008);
    auto const basic = cpuid(1);
    auto const structured = cpuid(7);
    Features result{.asids = std::max(svm.ebx, 2U),
                    .next_rip = (svm.edx & bit(3)) != 0,
                    .clean_bits = (svm.edx & bit(5)) != 0,
                    .tsc_aux = (extended.edx & bit(27)) != 0 || (structured.ecx & bit(22)) != 0,
                    .speculation_control = field(sizes.ebx, 14, 2) | field(sizes.ebx, 24, 1) << 2, // IBRS, STIBP, SSBD
                    .prediction_barrier = (sizes.ebx & bit(12)) != 0,
                    .stray_breakpoints = has_stray_breakpoints((svm.edx & bit(3)) != 0),
                    .repeats_injections = repeats_injections((svm.edx & bit(3)) != 0),
                    .signature = basic.eax};
    result.efer_mask = efer::system_call | efer::long_mode_enable | efer::no_execute;
    if ((extended.edx & bit(25)) != 0)
        result.efer_mask |= bit(14); // FFXSR
    if ((basic.ecx & bit(26)) != 0)
    {
        auto const state = cpuid(0xD);
        result.xcr0_mask = std::uint64_t{state.edx} << 32 | state.eax;
        result.extended_state_size = Bytes(state.ecx);
    }
    return result;
}

Permission_maps permission_maps()
{
    fill_maps();
    return {.ports = in_image(maps.ports.data()), .msrs = in_image(maps.msrs.data())};
}

void enable(const Features& features, Host_physical host_save, Host_physical host_state)
{
    fill_maps();
    write_msr(Msr::efer, read_msr(Msr::efer) | efer::svm);
    write_msr(Msr::vm_hsave_pa, host_save.value());
    // Extended state is switched for guests only; the hypervisor itself uses none.
    write_cr0(read_cr0() & ~(cr0::emulation | cr0::task_switched));
    write_cr4(read_cr4() | cr4::fxsave | (features.xcr0_mask != 0 ? cr4::xsave : 0));
    asm volatile("vmsave %%rax" : : "a"(host_state.value()) : "memory");
}

std::uint64_t xcr0()
{
    return read_xcr0();
}

void set_xcr0(std::uint64_t value)
{
    write_xcr0(value);
}

void save_extended_state(const Features& features, std::uint8_t* area)
{
    if (features.xcr0_mask != 0)
        asm volatile("xsave64 (%0)" : : "r"(area), "a"(~0U), "d"(~0U) : "memory");
    else
        asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void load_extended_state(const Features& features, const std::uint8_t* area)
{
    if (features.xcr0_mask != 0)
        asm volatile("xrstor64 (%0)" : : "r"(area), "a"(~0U), "d"(~0U) : "memory");
    else
        asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

Debug_addresses debug_addresses()
{
    Debug_addresses values{};
    asm volatile("mov %%dr0, %0\nmov %%dr1, %1\nmov %%dr2, %2\nmov %%dr3, %3"
                 : "=r"(values[0]), "=r"(values[1]), "=r"(values[2]), "=r"(values[3]));
    return values;
}

void set_debug_addresses(const Debug_addresses& values)
{
    asm volatile("mov %0, %%dr0\nmov %1, %%dr1\nmov %2, %%dr2\nmov %3, %%dr3"
                 :
                 : "r"(values[0]), "r"(values[1]), "r"(values[2]), "r"(values[3]));
}

void forget_breakpoints()
{
    // TCG takes its list apart, by the types in DR7 (here: all on instructions), only when more changes than enable
    // bits: bit 9 (exact global breakpoints) does that and means nothing to this processor (APM volume 2, 13.1.1.4).
    constexpr std::uint64_t off = 0x400;
    constexpr std::uint64_t off_but_exact = off | bit(9);
    asm volatile("mov %0, %%dr7\nmov %1, %%dr7" : : "r"(off_but_exact), "r"(off));
}

void set_tsc_aux(std::uint64_t value)
{
    write_msr(Msr::tsc_aux, value);
}

void set_speculation_control(std::uint64_t value)
{
    write_msr(Msr::speculation_control, value);
}

void prediction_barrier()
{
    write_msr(Msr::prediction_command, 1);
}

} // namespace ovm::arch::svm::hardware
