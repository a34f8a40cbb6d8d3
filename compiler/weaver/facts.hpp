#pragma once

#include "pointcut.hpp"

#include "clang/AST/Decl.h"
#include "clang/AST/Type.h"

#include <string>

namespace ovm::compiler
{

/// A declaration's name with its scopes, as pointcuts name it: without inline and unnamed namespaces, and without
/// the arguments of templates.
[[nodiscard]] std::string full_name(const clang::NamedDecl& declaration);

/// A type's name with its scopes and template arguments.
[[nodiscard]] std::string full_name(clang::QualType type);

/// What pointcuts may know of the execution of a function, or of a call of it within `caller`.
[[nodiscard]] Facts facts_of(const clang::FunctionDecl& function);
[[nodiscard]] Facts facts_of_call(const clang::FunctionDecl& callee, const clang::FunctionDecl& caller);

} // namespace ovm::compiler
