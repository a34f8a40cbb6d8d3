#include "body.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/AST/StmtCXX.h"

namespace ovm::compiler
{
namespace
{

/// What of a function does not survive a move into a lambda.
class Lambda_obstacles final : public clang::RecursiveASTVisitor<Lambda_obstacles>
{
public:
    bool VisitPredefinedExpr(clang::PredefinedExpr*) { return found("it uses __func__, which would name the lambda"); }
    bool VisitCoroutineBodyStmt(clang::CoroutineBodyStmt*) { return suspends(); }
    bool VisitCoroutineSuspendExpr(clang::CoroutineSuspendExpr*) { return suspends(); }
    bool VisitDependentCoawaitExpr(clang::DependentCoawaitExpr*) { return suspends(); }
    bool VisitCoreturnStmt(clang::CoreturnStmt*) { return suspends(); }
    /// What a lambda of the function does is its own affair.
    bool TraverseLambdaExpr(clang::LambdaExpr*) { return true; }

    [[nodiscard]] const std::string& why() const { return why_; }

private:
    bool suspends() { return found("it is a coroutine: it outlives the call of a lambda"); }
    bool found(const char* why)
    {
        why_ = why;
        return false;
    }

    std::string why_;
};

/// Whether a value of the type can lead to an object that the call was given.
bool can_lead_elsewhere(clang::QualType type)
{
    return !(type->isVoidType() || type->isArithmeticType() || type->isEnumeralType());
}

} // namespace

const clang::CompoundStmt* statements_of(const clang::FunctionDecl& function)
{
    const clang::Stmt* body = function.getBody();
    if (const auto* coroutine = llvm::dyn_cast_or_null<clang::CoroutineBodyStmt>(body))
    {
        body = coroutine->getBody();
    }
    return llvm::dyn_cast_or_null<clang::CompoundStmt>(body);
}

std::string self_of(const clang::FunctionDecl& function)
{
    const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(&function);
    if (method == nullptr || method->isStatic())
    {
        return {};
    }
    return method->isExplicitObjectMemberFunction() ? method->getParamDecl(0)->getNameAsString() : "*this";
}

std::string arguments_of(const clang::FunctionDecl& function)
{
    std::string text;
    for (const auto* parameter : function.parameters())
    {
        if (!parameter->isExplicitObjectParameter())
        {
            text +=
                (text.empty() ? "" : ", ") + parameter->getNameAsString() + (parameter->isParameterPack() ? "..." : "");
        }
    }
    return text;
}

std::string result_of(const clang::FunctionDecl& function)
{
    const clang::QualType type = function.getDeclaredReturnType();
    // The function itself keeps its constraint; the lambda only has to deduce the same type.
    if (const auto* deduced = llvm::dyn_cast<clang::AutoType>(type.getTypePtr()))
    {
        return deduced->isDecltypeAuto() ? "decltype(auto)" : "auto";
    }
    return type.getAsString(function.getASTContext().getPrintingPolicy());
}

std::string obstacle_to_lambda(const clang::FunctionDecl& function)
{
    const auto* deduced = function.getDeclaredReturnType()->getContainedAutoType();
    if (deduced != nullptr && deduced->isConstrained() && function.getDeclaredReturnType().getTypePtr() != deduced)
    {
        return "its return type has a constrained auto inside";
    }
    Lambda_obstacles obstacles;
    obstacles.TraverseStmt(function.getBody());
    return obstacles.why();
}

std::string obstacle_to_lambda(const clang::CallExpr& call, const clang::FunctionDecl& callee)
{
    if (can_lead_elsewhere(callee.getReturnType()))
    {
        for (const clang::Expr* argument : call.arguments())
        {
            if (llvm::isa<clang::MaterializeTemporaryExpr>(argument->IgnoreImpCasts()))
            {
                return "it may return what leads to a temporary argument, which would end with the lambda";
            }
        }
    }
    Lambda_obstacles obstacles;
    obstacles.TraverseStmt(const_cast<clang::CallExpr*>(&call));
    return obstacles.why();
}

std::string line_marker(unsigned line, const std::string& file, int flag)
{
    std::string escaped;
    for (const char each : file)
    {
        escaped += each == '"' || each == '\\' ? std::string{'\\', each} : std::string{each};
    }
    return "# " + std::to_string(line) + " \"" + escaped + "\" " + std::to_string(flag) + "\n";
}

} // namespace ovm::compiler
