#pragma once

#include <cstdint>

namespace ovm::arch
{

struct Identification
{
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
};

/// What the machine's own CPUID answers (APM volume 3, appendix E). Slow under another hypervisor: ask once, keep it.
Identification identify(std::uint32_t leaf, std::uint32_t subleaf = 0);

} // namespace ovm::arch
