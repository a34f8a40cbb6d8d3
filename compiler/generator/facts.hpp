#pragma once

#include "declarations.hpp"
#include "generator.hpp"

#include "clang/AST/DeclCXX.h"

#include <optional>

namespace ovm::compiler
{

/// What all kinds of declarations need of Clang's tree, and where they complain.
class Facts final
{
public:
    Facts(clang::ASTContext& context, const std::string& root, Generating& generating);

    [[nodiscard]] clang::ASTContext& context() const { return context_; }

    [[nodiscard]] Declared_at at(clang::SourceLocation location) const;
    /// Nothing, and a problem: it stands where no other file can define a member of it.
    [[nodiscard]] std::optional<Declared_scope> scope_of(const clang::CXXRecordDecl& record) const;
    /// The type with all its scopes; with a name, the declaration of something of that type.
    [[nodiscard]] std::string spelled(clang::QualType type, const std::string& name = {}) const;

    void refuse(const clang::Decl& where, std::string what, std::string why, std::string mend) const;

private:
    clang::ASTContext& context_;
    const std::string& root_;
    Generating& generating_;
};

/// The text of `[[clang::annotate(KIND, "text")]]`; empty without one. Nothing: it is not annotated so.
[[nodiscard]] std::optional<std::string> annotation(const clang::Decl& declaration, llvm::StringRef kind);

/// A class that is marked OVM_FAMILY. Nothing, and problems: it is refused.
[[nodiscard]] std::optional<Declared_family> read_family(const Facts& facts, const clang::CXXRecordDecl& record);

/// A class that has OVM_TRACE_MAP. Nothing, and problems: it is refused.
[[nodiscard]] std::optional<Declared_trace_map> read_trace_map(const Facts& facts, const clang::CXXRecordDecl& record);

/// A policy's state that has OVM_LOSSES. Nothing, and a problem: it is refused.
[[nodiscard]] std::optional<Declared_losses> read_losses(const Facts& facts, const clang::CXXRecordDecl& record);

} // namespace ovm::compiler
