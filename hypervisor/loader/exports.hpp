#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/contract.hpp"

namespace ovm::loader
{

/// Where what the hypervisor exports to modules under that name begins: memory functions that compilers call by
/// themselves, and what a broken contract calls. Nothing else is exported: what a policy may do, its interface says.
std::optional<std::uint64_t> exported(std::string_view name);

OVM_CONTRACT inline std::optional<std::uint64_t> contract_of_exported(std::string_view name)
{
    OVM_MODIFIES();
    auto const address = OVM_RESULT(exported(name));
    OVM_ENSURES(!address.has_value() || *address != 0);
    return address;
}

} // namespace ovm::loader
