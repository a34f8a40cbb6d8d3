#pragma once

#include <cstdint>
#include <optional>

/// Model-specific registers (AMD64 APM volume 2, appendix A).
namespace ovm::arch
{

enum class Msr : std::uint32_t
{
    apic_base = 0x1b,
    mtrr_capability = 0xfe,
    sysenter_cs = 0x174,
    sysenter_esp = 0x175,
    sysenter_eip = 0x176,
    debug_control = 0x1d9,
    pat = 0x277,
    mtrr_default_type = 0x2ff,
    speculation_control = 0x48,
    prediction_command = 0x49,
    tsc_deadline = 0x6e0,
    x2apic = 0x800, ///< the first of the x2APIC's registers
    xss = 0xda0,
    efer = 0xc000'0080,
    star = 0xc000'0081,
    lstar = 0xc000'0082,
    cstar = 0xc000'0083,
    sfmask = 0xc000'0084,
    fs_base = 0xc000'0100,
    gs_base = 0xc000'0101,
    kernel_gs_base = 0xc000'0102,
    tsc_aux = 0xc000'0103,
    vm_cr = 0xc001'0114,
    vm_hsave_pa = 0xc001'0117,
};

namespace efer
{
inline constexpr std::uint64_t system_call = 1 << 0;
inline constexpr std::uint64_t long_mode_enable = 1 << 8;
inline constexpr std::uint64_t long_mode_active = 1 << 10;
inline constexpr std::uint64_t no_execute = 1 << 11;
inline constexpr std::uint64_t svm = 1 << 12;
} // namespace efer

inline std::uint64_t read_msr(Msr msr)
{
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return std::uint64_t{high} << 32 | low;
}

inline void write_msr(Msr msr, std::uint64_t value)
{
    asm volatile("wrmsr"
                 :
                 : "c"(msr), "a"(static_cast<std::uint32_t>(value)), "d"(static_cast<std::uint32_t>(value >> 32))
                 : "memory");
}

/// Nothing when the processor does not have it (#GP).
inline std::optional<std::uint64_t> try_read_msr(Msr msr)
{
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t failed = 1;
    asm volatile("1: rdmsr\n"
                 "xorl %2, %2\n"
                 "2:\n"
                 ".pushsection .fixups, \"a\"\n"
                 ".quad 1b, 2b\n"
                 ".popsection"
                 : "+a"(low), "=d"(high), "+r"(failed)
                 : "c"(msr)
                 : "cc");
    if (failed != 0)
        return {};
    return std::uint64_t{high} << 32 | low;
}

/// False when the processor refuses (#GP).
inline bool try_write_msr(Msr msr, std::uint64_t value)
{
    std::uint32_t failed = 1;
    asm volatile("1: wrmsr\n"
                 "xorl %0, %0\n"
                 "2:\n"
                 ".pushsection .fixups, \"a\"\n"
                 ".quad 1b, 2b\n"
                 ".popsection"
                 : "+r"(failed)
                 : "c"(msr), "a"(static_cast<std::uint32_t>(value)), "d"(static_cast<std::uint32_t>(value >> 32))
                 : "cc", "memory");
    return failed == 0;
}

} // namespace ovm::arch
