#pragma once

#include "linked.hpp"

namespace ovm::compiler::signer
{

/// The policies that a linked module lists in `ovm_module` (object::Provided), each checked against what the loader
/// accepts, so that nothing is signed that would be refused. Their interfaces are left open.
Checked<std::vector<Described_policy>> provided_policies(const Linked& linked);

/// Of modules, policies and parameters: a-z, 0-9 and `-`, not at an end, at most 31.
bool is_name(std::string_view name);

} // namespace ovm::compiler::signer
