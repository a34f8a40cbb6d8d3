#include "initialisation.hpp"

#include "clang/AST/ExprCXX.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace ovm::checker
{
namespace
{

/// True when default-initialising an object of the type leaves a scalar in it without a value.
/// A constructor that somebody wrote is believed here: it is checked where it stands.
bool is_left_open(clang::QualType type)
{
    type = type.getCanonicalType();
    if (type->isDependentType() || type->isReferenceType() || type->isNullPtrType())
    {
        return false;
    }
    if (const auto* array = llvm::dyn_cast<clang::ArrayType>(type.getTypePtr()))
    {
        return is_left_open(array->getElementType());
    }
    if (const auto* record = type->getAsCXXRecordDecl())
    {
        record = record->getDefinition();
        if (record == nullptr || record->isUnion() || record->isLambda() || record->isInvalidDecl() ||
            record->hasUserProvidedDefaultConstructor())
        {
            return false;
        }
        for (const clang::CXXBaseSpecifier& base : record->bases())
        {
            if (is_left_open(base.getType()))
            {
                return true;
            }
        }
        for (const clang::FieldDecl* field : record->fields())
        {
            if (!field->isUnnamedBitField() && !field->hasInClassInitializer() && is_left_open(field->getType()))
            {
                return true;
            }
        }
        return false;
    }
    return type->isScalarType() || type->isAtomicType() || type->isVectorType() || type->isAnyComplexType();
}

/// True when the initialiser (or its absence) default-initialises the object.
bool is_default_initialisation(const clang::Expr* initialiser)
{
    if (initialiser == nullptr)
    {
        return true;
    }
    const auto* construction = llvm::dyn_cast<clang::CXXConstructExpr>(initialiser->IgnoreImplicit());
    return construction != nullptr && construction->getNumArgs() == 0 && !construction->requiresZeroInitialization() &&
           construction->getConstructor()->isDefaultConstructor();
}

bool is_checkable(const clang::CXXRecordDecl& record)
{
    return record.isCompleteDefinition() && !record.isDependentContext() && !record.isLambda() && !record.isUnion() &&
           !record.isInvalidDecl();
}

} // namespace

void Initialisation::check_local(const clang::VarDecl& variable)
{
    if (!variable.hasLocalStorage() || llvm::isa<clang::ParmVarDecl>(variable) || variable.isInvalidDecl() ||
        variable.isImplicit() || variable.isExceptionVariable() || variable.isCXXForRangeDecl())
    {
        return;
    }
    if (is_default_initialisation(variable.getInit()) && is_left_open(variable.getType()))
    {
        reporter_.report(Rule::uninitialised, variable.getLocation(),
                         "local '" + variable.getName() + "' without a value");
    }
}

void Initialisation::check_constructor(const clang::CXXConstructorDecl& constructor)
{
    const clang::CXXRecordDecl& record = *constructor.getParent();
    if (!constructor.isThisDeclarationADefinition() || constructor.isDefaulted() || constructor.isDeleted() ||
        constructor.isDelegatingConstructor() || constructor.isInvalidDecl() || !is_checkable(record))
    {
        return;
    }
    llvm::SmallPtrSet<const clang::FieldDecl*, 16> given;
    for (const clang::CXXCtorInitializer* initialiser : constructor.inits())
    {
        const bool open = is_default_initialisation(initialiser->getInit());
        if (initialiser->isBaseInitializer() && open && is_left_open(clang::QualType(initialiser->getBaseClass(), 0)))
        {
            reporter_.report(Rule::uninitialised, constructor.getLocation(),
                             "a constructor of '" + record.getName() + "' that leaves its base without a value");
        }
        if (initialiser->isAnyMemberInitializer() && !(open && is_left_open(initialiser->getAnyMember()->getType())))
        {
            given.insert(initialiser->getAnyMember());
        }
    }
    for (const clang::FieldDecl* field : record.fields())
    {
        if (!field->isUnnamedBitField() && !field->hasInClassInitializer() && !given.contains(field) &&
            is_left_open(field->getType()))
        {
            reporter_.report(Rule::uninitialised, field->getLocation(),
                             "member '" + field->getName() + "' of '" + record.getName() +
                                 "', which a constructor leaves without a value,");
        }
    }
}

void Initialisation::check_class(const clang::CXXRecordDecl& record)
{
    if (!is_checkable(record) || record.isAggregate() || !record.hasDefaultConstructor() ||
        record.hasUserProvidedDefaultConstructor())
    {
        return;
    }
    for (const clang::CXXConstructorDecl* constructor : record.ctors())
    {
        if (constructor->isDefaultConstructor() && constructor->isDeleted())
        {
            return;
        }
    }
    for (const clang::FieldDecl* field : record.fields())
    {
        if (!field->isUnnamedBitField() && !field->hasInClassInitializer() && is_left_open(field->getType()))
        {
            reporter_.report(Rule::uninitialised, field->getLocation(),
                             "member '" + field->getName() + "' of '" + record.getName() +
                                 "', which the default constructor leaves without a value,");
        }
    }
}

} // namespace ovm::checker
