#pragma once

#include "reporter.hpp"

#include "clang/AST/DeclCXX.h"

namespace ovm::checker
{

/// Finds scalars that are left without a value.
/// A local variable must have one where it is declared; a class with constructors must give one to
/// every member, by an initialiser at the member or in the constructor's list: assignments in the
/// body come too late to count. Aggregates may leave members open, as their users are checked.
class Initialisation final
{
public:
    explicit Initialisation(Reporter& reporter) : reporter_(reporter) {}

    void check_local(const clang::VarDecl& variable);
    void check_constructor(const clang::CXXConstructorDecl& constructor);
    void check_class(const clang::CXXRecordDecl& record);

private:
    Reporter& reporter_;
};

} // namespace ovm::checker
