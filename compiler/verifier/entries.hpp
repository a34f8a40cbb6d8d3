#pragma once

#include <llvm/ADT/StringRef.h>

namespace llvm
{
class Argument;
class ConstantStruct;
class DIType;
class Function;
class Module;
} // namespace llvm

/// What a module says of its policies, read from its IR.
namespace ovm::compiler::verifier
{

/// The invariant of the class that a member function belongs to, or null.
llvm::Function* invariant_of(llvm::Module& module, llvm::StringRef member);
/// Whether the function is called on an object.
bool has_object(const llvm::Function& function);
bool is_virtual(const llvm::Function& function);
/// Whether the function is a constructor of the class of that invariant.
bool is_constructor(llvm::Function& function, const llvm::Function& invariant);
/// The record of object::Provided that names it as what makes a policy, or null.
llvm::ConstantStruct* provided_by(llvm::Module& module, llvm::Function& entry);
/// A parameter's type as the source has it, or null.
const llvm::DIType* declared_type(llvm::Argument& argument);

} // namespace ovm::compiler::verifier
