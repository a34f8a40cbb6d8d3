#pragma once

#include <string_view>

/// Places at which tests make the hypervisor fail.
namespace ovm::arch
{

#if OVM_HOSTED
/// Fails here if a test wants it (arch/hosted/injection.hpp). `place` is constant text, unique in the hypervisor.
void injection_point(std::string_view place);
#else
/// Nothing: the image has no such places. A plain pointer, as nobody may count the length of what nobody reads.
constexpr void injection_point(const char*) {}
#endif

} // namespace ovm::arch
