#include "arch/identification.hpp"

#include "arch/x86_64/cpuid.hpp"

namespace ovm::arch
{

Identification identify(std::uint32_t leaf, std::uint32_t subleaf)
{
    auto const answer = cpuid(leaf, subleaf);
    return {answer.eax, answer.ebx, answer.ecx, answer.edx};
}

} // namespace ovm::arch
