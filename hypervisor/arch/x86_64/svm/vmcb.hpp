#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/exit.hpp"
#include "base/bits.hpp"

/// The virtual machine control block (APM volume 2, appendix B) and its bits. "APM" below is volume 2.
namespace ovm::arch::svm
{

/// Control area, offset 00Ch: "first vector" of instruction and event intercepts (APM table B-1).
namespace intercept1
{
inline constexpr std::uint32_t intr = 1U << 0, nmi = 1U << 1, init = 1U << 3, virtual_intr = 1U << 4,
                               cr0_selective_write = 1U << 5, rdpmc = 1U << 15, cpuid = 1U << 18, rsm = 1U << 19,
                               iret = 1U << 20, invd = 1U << 22, hlt = 1U << 24, invlpga = 1U << 26, ports = 1U << 27,
                               msrs = 1U << 28, task_switch = 1U << 29, shutdown = 1U << 31;
}

/// Control area, offset 010h (APM table B-1).
namespace intercept2
{
inline constexpr std::uint32_t vmrun = 1U << 0, vmmcall = 1U << 1, vmload = 1U << 2, vmsave = 1U << 3, stgi = 1U << 4,
                               clgi = 1U << 5, skinit = 1U << 6, icebp = 1U << 8, wbinvd = 1U << 9, monitor = 1U << 10,
                               mwait = 1U << 11, xsetbv = 1U << 13, rdpru = 1U << 14;
}

/// VMCB clean bits: what the processor may keep from this VMCB's last run on this core (APM 15.15.3).
namespace clean
{
inline constexpr std::uint32_t intercepts = 1U << 0; ///< all intercepts, TSC offset, pause filter
inline constexpr std::uint32_t permission_maps = 1U << 1;
inline constexpr std::uint32_t asid = 1U << 2;
inline constexpr std::uint32_t virtual_interrupt = 1U << 3; ///< offset 060h: V_TPR, V_IRQ, priority, vector
inline constexpr std::uint32_t nested_paging = 1U << 4;     ///< N_CR3, G_PAT
inline constexpr std::uint32_t control_registers = 1U << 5; ///< CR0, CR3, CR4, EFER
inline constexpr std::uint32_t debug_registers = 1U << 6;   ///< DR6, DR7
inline constexpr std::uint32_t descriptor_tables = 1U << 7; ///< GDTR, IDTR
inline constexpr std::uint32_t segments = 1U << 8;          ///< CS, DS, SS, ES, CPL
inline constexpr std::uint32_t cr2 = 1U << 9;
inline constexpr std::uint32_t all = 0x3FF;
} // namespace clean

/// TLB_CONTROL (APM 15.16.2).
enum class Tlb_control : std::uint8_t
{
    nothing = 0,
    flush_all = 1, ///< every ASID of this core
};

/// Offset 060h (APM table B-1, 15.21.4).
namespace virtual_interrupt
{
inline constexpr std::uint64_t tpr_mask = 0xFF, request = bit(8), priority_mask = mask(16, 4), ignore_tpr = bit(20),
                               masking = bit(24);
inline constexpr unsigned priority_shift = 16;
} // namespace virtual_interrupt

/// EVENTINJ and EXITINTINFO (APM 15.20, 15.7.2).
namespace event
{
inline constexpr std::uint64_t vector_mask = 0xFF, type_mask = mask(8, 3), has_error = bit(11), valid = bit(31);
inline constexpr std::uint64_t interrupt = 0ULL << 8, nmi = 2ULL << 8, exception = 3ULL << 8, software = 4ULL << 8;
inline constexpr unsigned error_shift = 32;
} // namespace event

/// Exit codes (APM appendix C).
namespace exit_code
{
inline constexpr std::uint64_t cr8_write = 0x018;
inline constexpr std::uint64_t exception = 0x40, intr = 0x60, nmi = 0x61, init = 0x63, virtual_intr = 0x64,
                               cr0_selective_write = 0x65, rdpmc = 0x6F, cpuid = 0x72, rsm = 0x73, iret = 0x74,
                               invd = 0x76, pause = 0x77, hlt = 0x78, invlpga = 0x7A, ports = 0x7B, msr = 0x7C,
                               task_switch = 0x7D, shutdown = 0x7F, vmrun = 0x80, vmmcall = 0x81, vmload = 0x82,
                               vmsave = 0x83, stgi = 0x84, clgi = 0x85, skinit = 0x86, icebp = 0x88, wbinvd = 0x89,
                               monitor = 0x8A, mwait = 0x8B, mwait_armed = 0x8C, xsetbv = 0x8D, rdpru = 0x8E,
                               nested_fault = 0x400,
                               invalid = 0xFFFF'FFFF; ///< VMEXIT_INVALID is -1; its low half is looked at
} // namespace exit_code

struct Control_area
{
    std::uint16_t control_register_reads = 0;  // 000
    std::uint16_t control_register_writes = 0; // 002
    std::uint16_t debug_register_reads = 0;    // 004
    std::uint16_t debug_register_writes = 0;   // 006
    std::uint32_t exceptions = 0;              // 008
    std::uint32_t intercepts1 = 0;             // 00C
    std::uint32_t intercepts2 = 0;             // 010
    std::uint32_t intercepts3 = 0;             // 014
    std::array<std::uint8_t, 0x24> reserved1{};
    std::uint16_t pause_filter_threshold = 0;       // 03C
    std::uint16_t pause_filter_count = 0;           // 03E
    std::uint64_t port_map = 0;                     // 040 IOPM_BASE_PA
    std::uint64_t msr_map = 0;                      // 048 MSRPM_BASE_PA
    std::uint64_t tsc_offset = 0;                   // 050
    std::uint32_t asid = 0;                         // 058
    Tlb_control tlb_control = Tlb_control::nothing; // 05C
    std::array<std::uint8_t, 3> reserved2{};
    std::uint64_t virtual_interrupt = 0; // 060
    std::uint64_t interrupt_shadow = 0;  // 068 bit 0
    std::uint64_t exit_code = 0;         // 070
    std::uint64_t exit_info1 = 0;        // 078
    std::uint64_t exit_info2 = 0;        // 080
    std::uint64_t exit_int_info = 0;     // 088
    std::uint64_t nested_paging = 0;     // 090 bit 0 NP_ENABLE
    std::uint64_t avic_bar = 0;          // 098
    std::uint64_t ghcb = 0;              // 0A0
    std::uint64_t event_injection = 0;   // 0A8
    std::uint64_t nested_cr3 = 0;        // 0B0
    std::uint64_t lbr_control = 0;       // 0B8
    std::uint32_t clean_bits = 0;        // 0C0
    std::uint32_t reserved3 = 0;
    std::uint64_t next_rip = 0;     // 0C8
    std::uint8_t bytes_fetched = 0; // 0D0
    std::array<std::uint8_t, 15> instruction_bytes{};
    std::array<std::uint8_t, 0x320> reserved4{};
};

struct State_area
{
    Segment es{}, cs{}, ss{}, ds{}, fs{}, gs{}, gdtr{}, ldtr{}, idtr{}, tr{}; // 000 to 09F
    std::array<std::uint8_t, 0x2B> reserved1{};
    std::uint8_t cpl = 0; // 0CB
    std::uint32_t reserved2 = 0;
    std::uint64_t efer = 0; // 0D0
    std::array<std::uint8_t, 0x70> reserved3{};
    std::uint64_t cr4 = 0, cr3 = 0, cr0 = 0, dr7 = 0, dr6 = 0, rflags = 0, rip = 0; // 148 to 17F
    std::array<std::uint8_t, 0x58> reserved4{};
    std::uint64_t rsp = 0; // 1D8
    std::array<std::uint8_t, 0x18> shadow_stack{};
    std::uint64_t rax = 0;                                             // 1F8
    std::uint64_t star = 0, lstar = 0, cstar = 0, sfmask = 0;          // 200 to 21F
    std::uint64_t kernel_gs_base = 0;                                  // 220
    std::uint64_t sysenter_cs = 0, sysenter_esp = 0, sysenter_eip = 0; // 228 to 23F
    std::uint64_t cr2 = 0;                                             // 240
    std::array<std::uint8_t, 0x20> reserved5{};
    std::uint64_t pat = 0;      // 268 G_PAT
    std::uint64_t debugctl = 0; // 270
    std::array<std::uint8_t, 0x988> reserved6{};
};

struct Vmcb
{
    Control_area control{};
    State_area state{};
};

static_assert(sizeof(Segment) == 16 && offsetof(Segment, attributes) == 2 && offsetof(Segment, limit) == 4 &&
              offsetof(Segment, base) == 8);
static_assert(offsetof(Control_area, intercepts1) == 0x00C && offsetof(Control_area, pause_filter_threshold) == 0x03C);
static_assert(offsetof(Control_area, port_map) == 0x040 && offsetof(Control_area, tsc_offset) == 0x050);
static_assert(offsetof(Control_area, asid) == 0x058 && offsetof(Control_area, tlb_control) == 0x05C);
static_assert(offsetof(Control_area, virtual_interrupt) == 0x060 && offsetof(Control_area, exit_code) == 0x070);
static_assert(offsetof(Control_area, exit_int_info) == 0x088 && offsetof(Control_area, event_injection) == 0x0A8);
static_assert(offsetof(Control_area, nested_cr3) == 0x0B0 && offsetof(Control_area, clean_bits) == 0x0C0);
static_assert(offsetof(Control_area, next_rip) == 0x0C8 && offsetof(Control_area, bytes_fetched) == 0x0D0);
static_assert(sizeof(Control_area) == 0x400);
static_assert(offsetof(State_area, gdtr) == 0x060 && offsetof(State_area, ldtr) == 0x070);
static_assert(offsetof(State_area, idtr) == 0x080 && offsetof(State_area, tr) == 0x090);
static_assert(offsetof(State_area, cpl) == 0x0CB && offsetof(State_area, efer) == 0x0D0);
static_assert(offsetof(State_area, cr4) == 0x148 && offsetof(State_area, cr0) == 0x158);
static_assert(offsetof(State_area, rflags) == 0x170 && offsetof(State_area, rip) == 0x178);
static_assert(offsetof(State_area, rsp) == 0x1D8 && offsetof(State_area, rax) == 0x1F8);
static_assert(offsetof(State_area, kernel_gs_base) == 0x220 && offsetof(State_area, cr2) == 0x240);
static_assert(offsetof(State_area, pat) == 0x268);
static_assert(sizeof(Vmcb) == 0x1000);

} // namespace ovm::arch::svm
