#pragma once

#include "description.hpp"
#include "interfaces.hpp"

namespace ovm::compiler
{

/// Refuses what a module's files include directly beyond their own folder, the kit, base/, object/, the headers of the
/// families with what these include, and the library; and line markers, which would hide where code comes from.
Done<> check_includes(const Tools& tools, const Module_description& module, const std::vector<Interface>& interfaces);

} // namespace ovm::compiler
