#include "loader/exports.hpp"

#include <cstring>

#include "base/contract.hpp"
#include "loader/module_code.hpp"

namespace ovm::loader
{

std::optional<std::uint64_t> exported(std::string_view name)
{
    if (name == "memcpy")
        return address_of(&std::memcpy);
    if (name == "memmove")
        return address_of(&std::memmove);
    if (name == "memset")
        return address_of(&std::memset);
    if (name == "memcmp")
        return address_of(&std::memcmp);
    if (name == "_ZN3ovm15contract_brokenEPKcS1_S1_i")
        return address_of(&contract_broken);
    return {};
}

} // namespace ovm::loader
