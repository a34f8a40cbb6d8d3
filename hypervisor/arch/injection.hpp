#pragma once

/// Places at which tests make the hypervisor fail.
namespace ovm::arch
{

#if OVM_HOSTED
/// Fails here if a test wants it (arch/hosted/injection.hpp). `place` is constant text, unique in the hypervisor.
void injection_point(const char* place);
#else
/// Nothing: only the aspect `fault` makes something of it.
constexpr void injection_point([[maybe_unused]] const char* place) {}
#endif

} // namespace ovm::arch
