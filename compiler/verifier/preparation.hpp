#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace llvm
{
class DIType;
class Function;
class Instruction;
class Module;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// What the verifier does not support, by name. Whoever meets it proves nothing of the entry at hand.
struct Refusal
{
    std::string what{};
    const llvm::Instruction* at = nullptr;
};

/// The functions of a module by which the world enters it: its tables (virtual functions, constructors of policies)
/// and what is annotated with OVM_VERIFIED.
/// Or the latter alone.
std::vector<std::string> find_entries(llvm::Module& module, bool annotated_only);

/// One entry, ready to be executed: a function of the module that takes what the entry takes, assumes the class
/// invariant, has the entry's whole call tree inlined, and proves the class invariant at the end.
struct Prepared
{
    llvm::Function* function = nullptr;       ///< what is executed
    llvm::Function* entry = nullptr;          ///< as it was compiled
    std::string invariant{};                  ///< name of the class invariant, if there is one
    std::vector<const llvm::DIType*> types{}; ///< as the source declares the parameters; null where it is not known
    bool has_contract = false;                ///< one that stands beside it, or in its interface
    std::uint64_t object_size = 0;            ///< of the object that it is called on; 0: not known
    bool constructs = false;                  ///< a policy, in memory that nobody has written
};

/// A function by which the entry's calls lead back to themselves, or none; readable.
std::string recursion_in(llvm::Function& entry);

/// Changes the module for good: instead of its loop, ovm::for_all() looks at one index of which nothing is known but
/// the limit. Throws Refusal.
void quantify(llvm::Module& module);

/// Changes the function for good: a loop that gives every byte of consecutive elements the same constant becomes the
/// memset that it is. For loops in the form of loop-simplify and lcssa.
void summarise_initialisation(llvm::Function& function);

/// Changes the module for good. Throws Refusal.
Prepared prepare(llvm::Module& module, const std::string& entry);

} // namespace ovm::compiler::verifier
