#pragma once

#include "call_graph.hpp"
#include "initialisation.hpp"
#include "reporter.hpp"
#include "trace_map.hpp"

#include "clang/AST/RecursiveASTVisitor.h"

namespace ovm::checker
{

/// Walks a translation unit and applies every rule to the code that must obey.
/// Patterns of templates are judged for what does not depend on parameters, instantiations for the
/// rest. Declarations of libraries and trusted files are not entered.
class Subset_visitor final : public clang::RecursiveASTVisitor<Subset_visitor>
{
public:
    Subset_visitor(clang::ASTContext& context, Reporter& reporter)
        : context_(context), reporter_(reporter), initialisation_(reporter), calls_(reporter),
          trace_maps_(context, reporter)
    {
    }

    /// Judges the whole translation unit.
    void judge();

    // The interface of RecursiveASTVisitor, whose names these are.
    bool shouldVisitTemplateInstantiations() const { return true; }
    bool TraverseDecl(clang::Decl* declaration);
    bool TraverseArrayInitLoopExpr(clang::ArrayInitLoopExpr* expression);
    bool TraverseUnaryExprOrTypeTraitExpr(clang::UnaryExprOrTypeTraitExpr*) { return true; }
    bool TraverseCXXNoexceptExpr(clang::CXXNoexceptExpr*) { return true; }
    bool TraverseDecltypeTypeLoc(clang::DecltypeTypeLoc) { return true; }

    bool VisitBinaryOperator(clang::BinaryOperator* expression);
    bool VisitUnaryOperator(clang::UnaryOperator* expression);
    bool VisitArraySubscriptExpr(clang::ArraySubscriptExpr* expression);
    bool VisitExplicitCastExpr(clang::ExplicitCastExpr* expression);
    bool VisitCXXNewExpr(clang::CXXNewExpr* expression);
    bool VisitCXXDeleteExpr(clang::CXXDeleteExpr* expression);
    bool VisitCXXTypeidExpr(clang::CXXTypeidExpr* expression);
    bool VisitCXXThrowExpr(clang::CXXThrowExpr* expression);
    bool VisitCXXTryStmt(clang::CXXTryStmt* statement);
    bool VisitGotoStmt(clang::GotoStmt* statement);
    bool VisitIndirectGotoStmt(clang::IndirectGotoStmt* statement);
    bool VisitAddrLabelExpr(clang::AddrLabelExpr* expression);
    bool VisitAsmStmt(clang::AsmStmt* statement);
    bool VisitFileScopeAsmDecl(clang::FileScopeAsmDecl* declaration);
    bool VisitVAArgExpr(clang::VAArgExpr* expression);
    bool VisitCallExpr(clang::CallExpr* expression);
    bool VisitCXXConstructExpr(clang::CXXConstructExpr* expression);
    bool VisitLambdaExpr(clang::LambdaExpr* expression);
    bool VisitVarDecl(clang::VarDecl* declaration);
    bool VisitFunctionDecl(clang::FunctionDecl* declaration);
    bool VisitCXXRecordDecl(clang::CXXRecordDecl* declaration);

private:
    [[nodiscard]] bool is_entered(clang::Decl* declaration);
    void judge_global(const clang::VarDecl& variable);
    void judge_static_cast(const clang::CXXStaticCastExpr& expression);
    void judge_old_cast(const clang::ExplicitCastExpr& expression);
    void judge_callee(const clang::CallExpr& expression, const clang::FunctionDecl& callee);
    void judge_library_callee(const clang::CallExpr& expression, const clang::FunctionDecl& callee,
                              llvm::StringRef name);

    clang::ASTContext& context_;
    Reporter& reporter_;
    Initialisation initialisation_;
    Call_graph calls_;
    Trace_map trace_maps_;
    /// Inside a consteval function the compiler itself refuses what would be undefined.
    bool in_immediate_function_ = false;
};

} // namespace ovm::checker
