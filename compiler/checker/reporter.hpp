#pragma once

#include "rules.hpp"
#include "trust.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/Basic/Diagnostic.h"
#include "clang/Basic/SourceManager.h"
#include "llvm/ADT/DenseSet.h"

#include <string>
#include <vector>

namespace ovm::checker
{

/// Judges places, writes diagnostics, and counts what was trusted in one translation unit.
/// Each (rule, place) is reported once, however many instantiations meet it.
class Reporter final
{
public:
    Reporter(clang::ASTContext& context, Trust& trust);

    /// The standing of the code at a place. Code from a macro belongs to the file in which it is
    /// spelled; where that is a system header or pasted text, to the place that used the macro.
    [[nodiscard]] Standing standing_of(clang::SourceLocation place);

    /// The standing of the file in which the place is expanded.
    [[nodiscard]] Standing standing_of_file(clang::SourceLocation place);

    /// Reports a violation, unless the place is not checked.
    void report(Rule rule, clang::SourceLocation place, const llvm::Twine& what);

    /// True when the declaration, a redeclaration, its template or an enclosing class carries
    /// the annotation "ovm::trusted". Counts it, and asks for its reason.
    [[nodiscard]] bool is_annotated(const clang::Decl* declaration);

    /// Appends what was trusted in this translation unit to a file, one line each:
    /// `annotation PATH:LINE LINES NAME: REASON` and `file PATH LINES`, separated by tabs.
    /// Returns an empty string, or what went wrong.
    [[nodiscard]] std::string append_counts(llvm::StringRef path);

private:
    /// Of the file at a place that no macro made.
    [[nodiscard]] Standing standing_at(clang::SourceLocation place);

    [[nodiscard]] bool has_annotation(const clang::Decl* declaration);
    void count(const clang::Decl* declaration, llvm::StringRef reason);

    clang::ASTContext& context_;
    clang::SourceManager& sources_;
    Trust& trust_;
    unsigned error_ = 0;
    unsigned note_ = 0;
    llvm::DenseSet<std::pair<clang::SourceLocation, unsigned>> reported_;
    llvm::DenseSet<clang::SourceLocation> counted_;
    std::vector<std::string> annotations_;
};

} // namespace ovm::checker
