#include "arch/identification.hpp"

#include <cpuid.h>

namespace ovm::arch
{

Identification identify(std::uint32_t leaf, std::uint32_t subleaf)
{
    Identification answer{};
    __cpuid_count(leaf, subleaf, answer.eax, answer.ebx, answer.ecx, answer.edx);
    return answer;
}

} // namespace ovm::arch
