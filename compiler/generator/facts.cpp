#include "facts.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/Expr.h"
#include "clang/AST/QualTypeNames.h"
#include "clang/Basic/SourceManager.h"

#include <algorithm>

namespace ovm::compiler
{

Facts::Facts(clang::ASTContext& context, const std::string& root, Generating& generating)
    : context_(context), root_(root), generating_(generating)
{
}

Declared_at Facts::at(clang::SourceLocation location) const
{
    const clang::SourceManager& sources = context_.getSourceManager();
    const clang::PresumedLoc place = sources.getPresumedLoc(sources.getExpansionLoc(location));
    if (place.isInvalid())
    {
        return {};
    }
    llvm::StringRef file = place.getFilename();
    if (file.consume_front(root_))
    {
        file.consume_front("/");
    }
    return {file.str(), place.getLine()};
}

std::optional<Declared_scope> Facts::scope_of(const clang::CXXRecordDecl& record) const
{
    Declared_scope scope{.namespaces = {}, .name = record.getNameAsString()};
    for (const clang::DeclContext* context = record.getDeclContext(); !context->isTranslationUnit();
         context = context->getParent())
    {
        if (const auto* outer = llvm::dyn_cast<clang::NamespaceDecl>(context))
        {
            if (!outer->isInline())
            {
                scope.namespaces.insert(scope.namespaces.begin(), outer->getNameAsString());
            }
        }
        else if (const auto* around = llvm::dyn_cast<clang::CXXRecordDecl>(context);
                 around != nullptr && !around->isDependentContext())
        {
            scope.name = around->getNameAsString() + "::" + scope.name;
        }
        else if (!llvm::isa<clang::LinkageSpecDecl>(context))
        {
            refuse(record, "'" + record.getNameAsString() + "' stands in a template or in a function",
                   "what is written for it stands outside of it, and names it", "take it out of there");
            return std::nullopt;
        }
    }
    return scope;
}

std::string Facts::spelled(clang::QualType type, const std::string& name) const
{
    clang::PrintingPolicy policy(context_.getLangOpts());
    policy.SuppressTagKeyword = true;
    std::string text = name;
    clang::TypeName::getFullyQualifiedType(type, context_, false).getAsStringInternal(text, policy);
    return text;
}

void Facts::refuse(const clang::Decl& where, std::string what, std::string why, std::string mend) const
{
    const Declared_at place = at(where.getLocation());
    generating_.problems.push_back({.file = place.file,
                                    .line = place.line,
                                    .what = std::move(what),
                                    .why = std::move(why),
                                    .mend = std::move(mend)});
}

std::optional<std::string> annotation(const clang::Decl& declaration, llvm::StringRef kind)
{
    for (const auto* attribute : declaration.specific_attrs<clang::AnnotateAttr>())
    {
        if (attribute->getAnnotation() != kind)
        {
            continue;
        }
        if (attribute->args_size() == 0)
        {
            return "";
        }
        const auto* text = llvm::dyn_cast<clang::StringLiteral>((*attribute->args_begin())->IgnoreParenImpCasts());
        if (const auto* constant = llvm::dyn_cast<clang::ConstantExpr>(*attribute->args_begin()))
        {
            text = llvm::dyn_cast<clang::StringLiteral>(constant->getSubExpr()->IgnoreParenImpCasts());
        }
        return text == nullptr ? "" : text->getString().str();
    }
    return std::nullopt;
}

} // namespace ovm::compiler
