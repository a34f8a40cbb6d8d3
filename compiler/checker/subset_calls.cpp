// What the safe subset says about calls and constructions of views.
#include "subset_visitor.hpp"

#include "clang/AST/ExprCXX.h"
#include "clang/Basic/Builtins.h"
#include "llvm/ADT/StringSet.h"

namespace ovm::checker
{
namespace
{

const llvm::StringSet<>& memory_functions()
{
    static const llvm::StringSet<> names = {
        "memcpy",  "memmove",  "memset", "memcmp", "memchr",  "mempcpy", "memccpy", "memcpy_inline", "memset_inline",
        "bcmp",    "bcopy",    "bzero",  "strlen", "strnlen", "strcpy",  "strncpy", "strcat",        "strncat",
        "strcmp",  "strncmp",  "strchr", "strstr", "strrchr", "strdup",  "stpcpy",  "wcslen",        "wmemcpy",
        "wmemset", "wmemmove", "malloc", "calloc", "realloc", "free",    "alloca",  "aligned_alloc", "memory_copy",
    };
    return names;
}

const llvm::StringSet<>& object_functions()
{
    static const llvm::StringSet<> names = {
        "construct_at",
        "destroy_at",
        "destroy",
        "destroy_n",
        "uninitialized_copy",
        "uninitialized_copy_n",
        "uninitialized_fill",
        "uninitialized_fill_n",
        "uninitialized_move",
        "uninitialized_default_construct",
        "uninitialized_value_construct",
        "__builtin_operator_new",
        "__builtin_operator_delete",
    };
    return names;
}

const llvm::StringSet<>& long_jumps()
{
    static const llvm::StringSet<> names = {"setjmp",  "_setjmp",  "__sigsetjmp", "sigsetjmp",
                                            "longjmp", "_longjmp", "siglongjmp"};
    return names;
}

const llvm::StringSet<>& steps()
{
    static const llvm::StringSet<> names = {"next", "prev", "advance", "distance"};
    return names;
}

/// True when a value of the type holds a pointer or reference anywhere.
bool holds_pointer(clang::QualType type)
{
    type = type.getNonReferenceType().getCanonicalType();
    if (type->isAnyPointerType() || type->isMemberPointerType() || type->isNullPtrType())
    {
        return true;
    }
    if (const auto* array = llvm::dyn_cast<clang::ArrayType>(type.getTypePtr()))
    {
        return holds_pointer(array->getElementType());
    }
    const auto* record = type->getAsCXXRecordDecl();
    if (record == nullptr || !record->hasDefinition())
    {
        return false;
    }
    for (const clang::CXXBaseSpecifier& base : record->bases())
    {
        if (holds_pointer(base.getType()))
        {
            return true;
        }
    }
    for (const clang::FieldDecl* field : record->fields())
    {
        if (field->getType()->isReferenceType() || holds_pointer(field->getType()))
        {
            return true;
        }
    }
    return false;
}

/// Text that the compiler itself wrote: its length is right and it lives for ever.
bool is_literal_text(const clang::Expr* expression)
{
    expression = expression->IgnoreParenImpCasts();
    if (const auto* choice = llvm::dyn_cast<clang::ConditionalOperator>(expression))
    {
        return is_literal_text(choice->getTrueExpr()) && is_literal_text(choice->getFalseExpr());
    }
    if (const auto* constant = llvm::dyn_cast<clang::ConstantExpr>(expression))
    {
        return is_literal_text(constant->getSubExpr());
    }
    if (const auto* argument = llvm::dyn_cast<clang::CXXDefaultArgExpr>(expression))
    {
        return is_literal_text(argument->getExpr());
    }
    if (const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(expression))
    {
        const auto* variable = llvm::dyn_cast<clang::VarDecl>(reference->getDecl());
        return variable != nullptr && variable->isConstexpr() && variable->getInit() != nullptr &&
               is_literal_text(variable->getInit());
    }
    return llvm::isa<clang::StringLiteral, clang::PredefinedExpr, clang::SourceLocExpr>(expression);
}

/// `&object`, from which a view of one element is right.
bool is_address_of_object(const clang::Expr* expression)
{
    const auto* operation = llvm::dyn_cast<clang::UnaryOperator>(expression->IgnoreParenImpCasts());
    return operation != nullptr && operation->getOpcode() == clang::UO_AddrOf &&
           !llvm::isa<clang::ArraySubscriptExpr>(operation->getSubExpr()->IgnoreParenImpCasts());
}

bool is_one(const clang::Expr* expression, const clang::ASTContext& context)
{
    clang::Expr::EvalResult value;
    return !expression->isValueDependent() && expression->EvaluateAsInt(value, context) && value.Val.getInt() == 1;
}

} // namespace

bool Subset_visitor::VisitCallExpr(clang::CallExpr* expression)
{
    if (expression->isTypeDependent())
    {
        return true;
    }
    const clang::SourceLocation place = expression->getBeginLoc();
    if (const auto* member = llvm::dyn_cast<clang::CXXMemberCallExpr>(expression))
    {
        if (llvm::isa_and_nonnull<clang::CXXDestructorDecl>(member->getMethodDecl()))
        {
            reporter_.report(Rule::allocation, place, "the explicit call of a destructor");
        }
    }
    if (llvm::isa<clang::CXXPseudoDestructorExpr>(expression->getCallee()->IgnoreParens()))
    {
        return true;
    }
    const clang::FunctionDecl* callee = expression->getDirectCallee();
    if (callee != nullptr)
    {
        judge_callee(*expression, *callee);
        return true;
    }
    clang::QualType type = expression->getCallee()->getType();
    if (type->isPointerType())
    {
        type = type->getPointeeType();
    }
    const auto* prototype = type->getAs<clang::FunctionProtoType>();
    if (prototype != nullptr && prototype->isVariadic())
    {
        reporter_.report(Rule::varargs, place, "the call of a variadic function");
    }
    return true;
}

void Subset_visitor::judge_callee(const clang::CallExpr& expression, const clang::FunctionDecl& callee)
{
    const clang::SourceLocation place = expression.getBeginLoc();
    const clang::Builtin::Context& builtins = context_.BuiltinInfo;
    const unsigned builtin = callee.getBuiltinID();
    const bool is_compilers_own = builtin != 0 && !builtins.isPredefinedLibFunction(builtin);
    if (callee.isVariadic() && !is_compilers_own)
    {
        reporter_.report(Rule::varargs, place, "the call of the variadic function '" + callee.getNameAsString() + "'");
    }
    if (callee.getOverloadedOperator() == clang::OO_New || callee.getOverloadedOperator() == clang::OO_Delete ||
        callee.getOverloadedOperator() == clang::OO_Array_New ||
        callee.getOverloadedOperator() == clang::OO_Array_Delete)
    {
        reporter_.report(Rule::allocation, place, "the call of '" + callee.getNameAsString() + "'");
    }
    if (callee.getIdentifier() == nullptr)
    {
        return;
    }
    llvm::StringRef name = callee.getName();
    if (is_compilers_own)
    {
        if (builtins.isTSBuiltin(builtin))
        {
            reporter_.report(Rule::inline_assembly, place, "the processor intrinsic '" + name + "'");
        }
        if (name.starts_with("__builtin_va_"))
        {
            reporter_.report(Rule::varargs, place, "the use of variable arguments");
        }
        if (name.consume_front("__builtin___"))
        {
            name.consume_back("_chk");
        }
        else if (!object_functions().contains(name))
        {
            name.consume_front("__builtin_");
        }
    }
    const clang::DeclContext* around = callee.getDeclContext()->getRedeclContext();
    if (builtin != 0 || around->isTranslationUnit() || callee.isInStdNamespace())
    {
        judge_library_callee(expression, callee, name);
    }
}

void Subset_visitor::judge_library_callee(const clang::CallExpr& expression, const clang::FunctionDecl& callee,
                                          llvm::StringRef name)
{
    const clang::SourceLocation place = expression.getBeginLoc();
    const bool in_std = callee.isInStdNamespace();
    const bool is_member = llvm::isa<clang::CXXMethodDecl>(callee);
    if (memory_functions().contains(name) && !is_member)
    {
        reporter_.report(Rule::memory_function, place, "the call of '" + callee.getNameAsString() + "'");
    }
    else if (object_functions().contains(name) && !is_member)
    {
        reporter_.report(Rule::allocation, place, "the call of '" + callee.getNameAsString() + "'");
    }
    else if (long_jumps().contains(name))
    {
        reporter_.report(Rule::long_jump, place, "the call of '" + callee.getNameAsString() + "'");
    }
    else if (in_std && name == "bit_cast" && expression.getNumArgs() == 1)
    {
        if (holds_pointer(callee.getReturnType()) || holds_pointer(expression.getArg(0)->getType()))
        {
            reporter_.report(Rule::bit_cast, place, "a bit cast of a pointer");
        }
    }
    else if (in_std && !is_member && steps().contains(name) && expression.getNumArgs() > 0 &&
             expression.getArg(0)->IgnoreImplicit()->getType()->isPointerType() && !in_immediate_function_)
    {
        reporter_.report(Rule::pointer_arithmetic, place, "'std::" + name + "' on a raw pointer");
    }
}

bool Subset_visitor::VisitCXXConstructExpr(clang::CXXConstructExpr* expression)
{
    const clang::CXXRecordDecl* type = expression->getConstructor()->getParent();
    if (in_immediate_function_ || expression->isTypeDependent() || expression->getNumArgs() == 0 ||
        !type->isInStdNamespace() || type->getIdentifier() == nullptr)
    {
        return true;
    }
    const bool is_text = type->getName() == "basic_string_view";
    if (!is_text && type->getName() != "span")
    {
        return true;
    }
    const clang::Expr* first = expression->getArg(0);
    const bool has_length = expression->getNumArgs() > 1 && !llvm::isa<clang::CXXDefaultArgExpr>(expression->getArg(1));
    // With a length or an end beside it, an iterator is no better than a pointer.
    const bool from_pointer = has_length || first->IgnoreImplicit()->getType()->isPointerType() ||
                              (is_text && first->IgnoreParenImpCasts()->getType()->isArrayType());
    if (!from_pointer || (is_text && !has_length && is_literal_text(first)) ||
        (has_length && is_address_of_object(first) && is_one(expression->getArg(1), context_)))
    {
        return true;
    }
    reporter_.report(Rule::raw_view, expression->getBeginLoc(),
                     "a " + llvm::StringRef(is_text ? "std::string_view" : "std::span") +
                         " made from a pointer or iterator");
    return true;
}

} // namespace ovm::checker
