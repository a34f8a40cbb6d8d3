#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace llvm
{
class CallBase;
class Function;
class Instruction;
class Module;
} // namespace llvm

namespace ovm::compiler::verifier
{

/// A trap of the module as it was compiled: a call that never returns because a check failed.
struct Trap
{
    std::string kind{};
    std::string text{}; ///< the contract's expression
    std::string file{};
    unsigned line = 0;
    unsigned column = 0;
    std::string function{};
};

/// Whether a call ends the crossing because a check failed, and as what.
bool is_trap(const llvm::CallBase& call);

/// "precondition", "addition overflows", ...
std::string trap_kind(const llvm::CallBase& trap);

/// Gives every trap a block and a number of its own, which its copies keep when calls are inlined. The same module is
/// always numbered alike.
std::vector<Trap> number_traps(llvm::Module& module);

/// The number that number_traps() gave it, or -1.
int number_of(const llvm::Instruction& trap);

/// Takes the traps of these numbers out of the module, and what only the verifier has a use for.
unsigned remove_traps(llvm::Module& module, const std::set<int>& proved);

/// Demangled, with the path of namespaces that all of OVM shares left out.
std::string readable(const std::string& mangled);

} // namespace ovm::compiler::verifier
