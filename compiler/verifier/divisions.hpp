#pragma once

#include <vector>

#include <z3++.h>

namespace ovm::compiler::verifier
{

/// What is left of a formula without its divisions: each wide one is some number of which only theorems are known that
/// need no multiplier, such as that it is not above the dividend. Whatever makes the formula true makes the result true
/// as well; so where that is impossible, the formula is, and the solver has not looked at the divisions' bits. Empty:
/// there is none.
std::vector<z3::expr> without_divisions(const std::vector<z3::expr>& formula);

} // namespace ovm::compiler::verifier
