#pragma once

#include <cstdint>
#include <string>

#include <llvm/ADT/StringRef.h>

namespace llvm
{
class CallBase;
class Function;
class Module;
} // namespace llvm

/// Contracts that stand beside a function instead of in it (OVM_CONTRACT): a function that says what is required, calls
/// the one that it is about, its subject, and says what then holds. Whoever overrides a virtual function is proved
/// inside of its interface's contract; who calls a function that has one of its own sees the contract alone.
namespace ovm::compiler::verifier
{

bool is_contract(const llvm::Function& function);
/// Of a contract beside a function that is not virtual: that function's mangled name.
std::string subject_name(const llvm::Function& contract);
/// The call of the subject. Throws Refusal: there is none, or there are several.
llvm::CallBase& subject_of(llvm::Function& contract);
/// The contract beside the function, which may be a declaration here; or null.
llvm::Function* own_contract(llvm::Module& module, const llvm::Function& function);
/// The same, or that of an interface which the function's class derives from.
llvm::Function* contract_for(llvm::Module& module, const llvm::Function& entry);
/// Bytes of the object that the member function is called on; 0: not known.
std::uint64_t object_size(const llvm::Function& member);

/// A copy of the contract around a call of `entry`: what it requires is known, what it ensures is to be proved.
llvm::Function& around(llvm::Module& module, llvm::Function& contract, llvm::Function& entry);
/// A copy in which the subject is not called: what it may change is forgotten, its result may be any that the contract
/// allows.
llvm::Function& instead_of_call(llvm::Module& module, llvm::Function& contract);

/// Whether the trap stands in such a copy, where it cannot be reached as the contract says so.
bool is_taken_for_granted(const llvm::CallBase& trap);

} // namespace ovm::compiler::verifier
