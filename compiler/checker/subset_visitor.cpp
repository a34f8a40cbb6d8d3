#include "subset_visitor.hpp"

#include "clang/AST/DeclTemplate.h"
#include "clang/AST/ExprCXX.h"

namespace ovm::checker
{
namespace
{

bool is_pointer(clang::QualType type)
{
    return !type.isNull() && type->isPointerType() && !type->isFunctionPointerType();
}

/// `this` or `*this`: from there a downcast is the idiom of static polymorphism, checked by its base's template.
bool is_this(const clang::Expr* expression)
{
    expression = expression->IgnoreParenImpCasts();
    if (const auto* operation = llvm::dyn_cast<clang::UnaryOperator>(expression))
    {
        if (operation->getOpcode() == clang::UO_Deref)
        {
            expression = operation->getSubExpr()->IgnoreParenImpCasts();
        }
    }
    return llvm::isa<clang::CXXThisExpr>(expression);
}

/// What a pointer or reference type refers to.
clang::QualType target_of(clang::QualType type)
{
    return type->isPointerType() || type->isReferenceType() ? type->getPointeeType() : clang::QualType();
}

} // namespace

void Subset_visitor::judge()
{
    TraverseDecl(context_.getTranslationUnitDecl());
    calls_.report_cycles();
}

bool Subset_visitor::is_entered(clang::Decl* declaration)
{
    if (llvm::isa<clang::TranslationUnitDecl>(declaration))
    {
        return true;
    }
    return declaration->getLocation().isValid() && !declaration->isImplicit() &&
           reporter_.standing_of_file(declaration->getLocation()) == Standing::checked &&
           !reporter_.is_annotated(declaration);
}

bool Subset_visitor::TraverseDecl(clang::Decl* declaration)
{
    if (declaration == nullptr || !is_entered(declaration))
    {
        return true;
    }
    const bool before = in_immediate_function_;
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration))
    {
        in_immediate_function_ = function->isImmediateFunction();
    }
    const bool goes_on = RecursiveASTVisitor::TraverseDecl(declaration);
    in_immediate_function_ = before;
    return goes_on;
}

bool Subset_visitor::TraverseArrayInitLoopExpr(clang::ArrayInitLoopExpr* expression)
{
    // The compiler's own loop over a copied array; its index is right.
    return TraverseStmt(expression->getCommonExpr()->getSourceExpr());
}

bool Subset_visitor::VisitBinaryOperator(clang::BinaryOperator* expression)
{
    if (!expression->isAdditiveOp() && expression->getOpcode() != clang::BO_AddAssign &&
        expression->getOpcode() != clang::BO_SubAssign)
    {
        return true;
    }
    for (const clang::Expr* operand : {expression->getLHS(), expression->getRHS()})
    {
        const clang::QualType type = operand->getType();
        if (!in_immediate_function_ && (is_pointer(type) || type->isArrayType()))
        {
            reporter_.report(Rule::pointer_arithmetic, expression->getOperatorLoc(),
                             "'" + expression->getOpcodeStr() + "' on a raw pointer '" + type.getAsString() + "'");
            break;
        }
    }
    return true;
}

bool Subset_visitor::VisitUnaryOperator(clang::UnaryOperator* expression)
{
    if (expression->isIncrementDecrementOp() && is_pointer(expression->getType()) && !in_immediate_function_)
    {
        reporter_.report(Rule::pointer_arithmetic, expression->getOperatorLoc(),
                         "'" + clang::UnaryOperator::getOpcodeStr(expression->getOpcode()) + "' on a raw pointer");
    }
    return true;
}

bool Subset_visitor::VisitArraySubscriptExpr(clang::ArraySubscriptExpr* expression)
{
    if (in_immediate_function_)
    {
        return true;
    }
    for (const clang::Expr* side : {expression->getLHS(), expression->getRHS()})
    {
        const clang::QualType type = side->IgnoreParenImpCasts()->getType();
        if (type->isArrayType())
        {
            reporter_.report(Rule::array_subscript, expression->getBeginLoc(),
                             "the subscript of a built-in array '" + type.getAsString() + "'");
            return true;
        }
    }
    for (const clang::Expr* side : {expression->getLHS(), expression->getRHS()})
    {
        const clang::QualType type = side->IgnoreParenImpCasts()->getType();
        if (is_pointer(type))
        {
            reporter_.report(Rule::pointer_arithmetic, expression->getBeginLoc(),
                             "the subscript of a raw pointer '" + type.getAsString() + "'");
            return true;
        }
    }
    return true;
}

bool Subset_visitor::VisitExplicitCastExpr(clang::ExplicitCastExpr* expression)
{
    const clang::SourceLocation place = expression->getBeginLoc();
    if (llvm::isa<clang::CXXReinterpretCastExpr>(expression))
    {
        reporter_.report(Rule::pointer_cast, place, "reinterpret_cast");
    }
    else if (llvm::isa<clang::CXXConstCastExpr>(expression))
    {
        reporter_.report(Rule::constness_cast, place, "const_cast");
    }
    else if (llvm::isa<clang::CXXDynamicCastExpr>(expression))
    {
        reporter_.report(Rule::rtti, place, "dynamic_cast");
    }
    else if (const auto* checked = llvm::dyn_cast<clang::CXXStaticCastExpr>(expression))
    {
        judge_static_cast(*checked);
    }
    else if (const auto* bits = llvm::dyn_cast<clang::BuiltinBitCastExpr>(expression))
    {
        if (is_pointer(bits->getType()) || is_pointer(bits->getSubExpr()->getType()))
        {
            reporter_.report(Rule::bit_cast, place, "a bit cast of a pointer");
        }
    }
    else if (llvm::isa<clang::CStyleCastExpr, clang::CXXFunctionalCastExpr>(expression))
    {
        judge_old_cast(*expression);
    }
    return true;
}

void Subset_visitor::judge_static_cast(const clang::CXXStaticCastExpr& expression)
{
    const clang::SourceLocation place = expression.getBeginLoc();
    switch (expression.getCastKind())
    {
    case clang::CK_BitCast:
        if (!expression.getType()->isVoidPointerType())
        {
            reporter_.report(Rule::pointer_cast, place, "static_cast from 'void *'");
        }
        break;
    case clang::CK_BaseToDerived:
    case clang::CK_BaseToDerivedMemberPointer:
        if (!is_this(expression.getSubExpr()))
        {
            reporter_.report(Rule::pointer_cast, place, "static_cast from a base to a derived class");
        }
        break;
    default:
        break;
    }
}

void Subset_visitor::judge_old_cast(const clang::ExplicitCastExpr& expression)
{
    const clang::SourceLocation place = expression.getBeginLoc();
    switch (expression.getCastKind())
    {
    case clang::CK_BitCast:
    case clang::CK_LValueBitCast:
    case clang::CK_LValueToRValueBitCast:
    case clang::CK_IntegralToPointer:
    case clang::CK_PointerToIntegral:
    case clang::CK_ReinterpretMemberPointer:
    case clang::CK_BaseToDerived:
    case clang::CK_BaseToDerivedMemberPointer:
    case clang::CK_AddressSpaceConversion:
        reporter_.report(Rule::pointer_cast, place,
                         "a cast from '" + expression.getSubExpr()->getType().getAsString() + "' to '" +
                             expression.getTypeAsWritten().getAsString() + "'");
        break;
    case clang::CK_NoOp:
    {
        const clang::QualType to = target_of(expression.getTypeAsWritten());
        const clang::Expr* value = expression.getSubExpr();
        const clang::QualType from =
            expression.getTypeAsWritten()->isReferenceType() ? value->getType() : target_of(value->getType());
        if (!to.isNull() && !from.isNull() && (from.isConstQualified() || from.isVolatileQualified()) &&
            !to.isAtLeastAsQualifiedAs(from))
        {
            reporter_.report(Rule::constness_cast, place, "a cast that removes const or volatile");
        }
        break;
    }
    default:
        break;
    }
}

bool Subset_visitor::VisitCXXNewExpr(clang::CXXNewExpr* expression)
{
    reporter_.report(Rule::allocation, expression->getBeginLoc(), "new");
    return true;
}

bool Subset_visitor::VisitCXXDeleteExpr(clang::CXXDeleteExpr* expression)
{
    reporter_.report(Rule::allocation, expression->getBeginLoc(), "delete");
    return true;
}

bool Subset_visitor::VisitCXXTypeidExpr(clang::CXXTypeidExpr* expression)
{
    reporter_.report(Rule::rtti, expression->getBeginLoc(), "typeid");
    return true;
}

bool Subset_visitor::VisitCXXThrowExpr(clang::CXXThrowExpr* expression)
{
    reporter_.report(Rule::exception, expression->getBeginLoc(), "throw");
    return true;
}

bool Subset_visitor::VisitCXXTryStmt(clang::CXXTryStmt* statement)
{
    reporter_.report(Rule::exception, statement->getBeginLoc(), "try");
    return true;
}

bool Subset_visitor::VisitGotoStmt(clang::GotoStmt* statement)
{
    reporter_.report(Rule::jump, statement->getBeginLoc(), "goto");
    return true;
}

bool Subset_visitor::VisitIndirectGotoStmt(clang::IndirectGotoStmt* statement)
{
    reporter_.report(Rule::jump, statement->getBeginLoc(), "a computed goto");
    return true;
}

bool Subset_visitor::VisitAddrLabelExpr(clang::AddrLabelExpr* expression)
{
    reporter_.report(Rule::jump, expression->getBeginLoc(), "the address of a label");
    return true;
}

bool Subset_visitor::VisitAsmStmt(clang::AsmStmt* statement)
{
    reporter_.report(Rule::inline_assembly, statement->getAsmLoc(), "inline assembly");
    return true;
}

bool Subset_visitor::VisitFileScopeAsmDecl(clang::FileScopeAsmDecl* declaration)
{
    reporter_.report(Rule::inline_assembly, declaration->getLocation(), "assembly at file scope");
    return true;
}

bool Subset_visitor::VisitVAArgExpr(clang::VAArgExpr* expression)
{
    reporter_.report(Rule::varargs, expression->getBeginLoc(), "va_arg");
    return true;
}

bool Subset_visitor::VisitLambdaExpr(clang::LambdaExpr* expression)
{
    // The visitor enters the body as written; the instantiations of a generic lambda are found here.
    if (const clang::FunctionTemplateDecl* generic = expression->getLambdaClass()->getDependentLambdaCallOperator())
    {
        for (const clang::FunctionDecl* instance : generic->specializations())
        {
            if (instance->getBody() != nullptr)
            {
                calls_.add(*instance);
                TraverseStmt(instance->getBody());
            }
        }
    }
    else if (const clang::CXXMethodDecl* body = expression->getCallOperator())
    {
        calls_.add(*body);
    }
    return true;
}

bool Subset_visitor::VisitFunctionDecl(clang::FunctionDecl* declaration)
{
    if (declaration->isVariadic() && !declaration->isDeleted())
    {
        reporter_.report(Rule::varargs, declaration->getLocation(),
                         "the variadic function '" + declaration->getNameAsString() + "'");
    }
    if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(declaration))
    {
        initialisation_.check_constructor(*constructor);
    }
    if (declaration->isThisDeclarationADefinition() && !declaration->isDefaulted())
    {
        calls_.add(*declaration);
    }
    return true;
}

bool Subset_visitor::VisitCXXRecordDecl(clang::CXXRecordDecl* declaration)
{
    if (declaration->isUnion() && declaration->isThisDeclarationADefinition())
    {
        reporter_.report(Rule::union_type, declaration->getLocation(),
                         "the union '" + declaration->getNameAsString() + "'");
    }
    initialisation_.check_class(*declaration);
    trace_maps_.check_class(*declaration);
    return true;
}

bool Subset_visitor::VisitVarDecl(clang::VarDecl* declaration)
{
    if (declaration->hasGlobalStorage())
    {
        judge_global(*declaration);
    }
    else if (!in_immediate_function_)
    {
        initialisation_.check_local(*declaration);
    }
    return true;
}

void Subset_visitor::judge_global(const clang::VarDecl& variable)
{
    const clang::QualType type = context_.getBaseElementType(variable.getType());
    const clang::CXXRecordDecl* record = type->getAsCXXRecordDecl();
    const bool has_mutable_member = record != nullptr && record->hasDefinition() && record->hasMutableFields();
    const std::string name = "'" + variable.getNameAsString() + "'";
    if ((!variable.isConstexpr() && !type.isConstQualified() && !type->isReferenceType()) || has_mutable_member)
    {
        const llvm::StringRef kind = variable.getTLSKind() != clang::VarDecl::TLS_None ? "the thread_local variable "
                                     : variable.isStaticLocal()                        ? "the static local variable "
                                     : variable.isStaticDataMember()                   ? "the static member "
                                                                                       : "the mutable global ";
        reporter_.report(Rule::mutable_global, variable.getLocation(), kind + name);
        return;
    }
    const clang::Expr* initialiser = variable.getInit();
    if (!variable.isConstexpr() && initialiser != nullptr && !variable.getDeclContext()->isDependentContext() &&
        !initialiser->isInstantiationDependent() && !type->isDependentType() && !variable.hasConstantInitialization())
    {
        reporter_.report(Rule::mutable_global, variable.getLocation(),
                         "the global " + name + ", which is initialised at run time,");
    }
}

} // namespace ovm::checker
