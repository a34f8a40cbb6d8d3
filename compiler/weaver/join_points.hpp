#pragma once

#include "advised_text.hpp"
#include "aspects.hpp"
#include "edits.hpp"

#include "clang/AST/RecursiveASTVisitor.h"

#include <string>
#include <vector>

namespace ovm::compiler
{

/// Walks a translation unit, asks the pointcuts at every place, and notes what is to be inserted. Templates are advised
/// as they are written, so that every instantiation is. System headers and aspects are not entered.
/// A place that matches and cannot be advised is a problem: nothing is left out silently.
class Join_points final : public clang::RecursiveASTVisitor<Join_points>
{
public:
    Join_points(clang::ASTContext& context, const Aspect_set& aspects, Weaving& weaving);

    void weave() { TraverseDecl(context_.getTranslationUnitDecl()); }
    [[nodiscard]] const Edits& edits() const { return edits_; }

    // The interface of RecursiveASTVisitor, whose names these are.
    bool TraverseDecl(clang::Decl* declaration);
    bool TraverseConstantExpr(clang::ConstantExpr* expression);
    bool TraverseStaticAssertDecl(clang::StaticAssertDecl*) { return true; }
    bool TraverseConceptDecl(clang::ConceptDecl*) { return true; }
    bool TraverseRequiresExpr(clang::RequiresExpr*) { return true; }
    bool TraverseUnaryExprOrTypeTraitExpr(clang::UnaryExprOrTypeTraitExpr*) { return true; }
    bool TraverseCXXNoexceptExpr(clang::CXXNoexceptExpr*) { return true; }
    bool TraverseCXXTypeidExpr(clang::CXXTypeidExpr*) { return true; }
    bool TraverseDecltypeTypeLoc(clang::DecltypeTypeLoc) { return true; }

    bool VisitFunctionDecl(clang::FunctionDecl* function);
    bool VisitCallExpr(clang::CallExpr* call);
    bool VisitCXXRecordDecl(clang::CXXRecordDecl* record);

private:
    [[nodiscard]] std::vector<const Advice*> matching(const Facts& facts, bool calls) const;
    /// Notes a problem for each advice that cannot go to this place.
    void refuse(const std::vector<const Advice*>& advice, const std::string& place, clang::SourceLocation location,
                const std::string& why);
    [[nodiscard]] std::string obstacle(const clang::FunctionDecl& function, const Advice& advice) const;
    [[nodiscard]] std::string obstacle(const clang::CallExpr& call, const clang::FunctionDecl& callee,
                                       const Advice& advice) const;
    void note(const Advice& advice, const char* place, const Facts& facts, clang::SourceLocation location);
    void introduce(const clang::CXXRecordDecl& record, const Introduction& introduction);
    [[nodiscard]] std::size_t offset(clang::SourceLocation place) const;
    [[nodiscard]] std::size_t end_offset(clang::SourceLocation last_token) const;
    [[nodiscard]] Place place_of(const std::string& name, clang::SourceLocation location) const;

    clang::ASTContext& context_;
    const Aspect_set& aspects_;
    Weaving& weaving_;
    Edits edits_;
    Advised_text text_;
    bool calls_are_asked_for_ = false;
    const clang::FunctionDecl* within_ = nullptr; ///< the function that is being walked through
    bool in_constant_ = false;
};

} // namespace ovm::compiler
