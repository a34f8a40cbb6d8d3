#pragma once

#include <memory>
#include <string>
#include <vector>

namespace llvm
{
class Function;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// One small mistake that somebody could have made.
struct Mutant
{
    std::string file{}; ///< where in the source
    unsigned line = 0;
    unsigned column = 0;
    std::string function{}; ///< mangled
    std::string what{};     ///< "< became <=", "the store is gone", ...
};

/// The mistakes that can be made in what is the project's own of these functions: not in the library, not in checks,
/// and not in what the contracts say. In the order of the module, always the same for the same module.
std::vector<Mutant> mutants_of(const std::vector<llvm::Function*>& functions);

/// Makes that mistake: the number-th of those that mutants_of() lists for the same module.
void make_mistake(const std::vector<llvm::Function*>& functions, std::size_t number);

} // namespace ovm::compiler::verifier
