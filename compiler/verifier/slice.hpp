#pragma once

#include <string>
#include <vector>

namespace llvm
{
class Function;
class Module;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// What the entry's calls lead to, itself included, in the module's order.
std::vector<llvm::Function*> call_tree(llvm::Module& module, const std::string& entry);
/// The functions of the module that a proof of this entry looks at: its call tree, where the
/// contracts of functions that have them stand for those, its own contract, and the invariants of classes.
std::vector<llvm::Function*> functions_for(llvm::Module& module, const std::string& entry);

/// The module with the bodies of those functions alone: what is proved of the entry depends on nothing else, so that
/// its hash stands for all of it. Changes the module for good.
std::string slice(llvm::Module& module, const std::vector<llvm::Function*>& functions);

} // namespace ovm::compiler::verifier
