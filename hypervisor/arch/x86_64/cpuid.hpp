#pragma once

#include <cstdint>

namespace ovm::arch
{

struct Cpuid
{
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
};

/// CPUID (APM volume 3, appendix E). Zero for a leaf beyond the highest, which processors answer in their own ways.
inline Cpuid cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0)
{
    Cpuid result;
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf & 0x8000'0000), "c"(0));
    if (leaf > result.eax)
        return {};
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(subleaf));
    return result;
}

} // namespace ovm::arch
