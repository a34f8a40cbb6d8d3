#include "facts.hpp"

#include "aspects.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclCXX.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/PrettyPrinter.h"

#include <algorithm>

namespace ovm::compiler
{
namespace
{

clang::PrintingPolicy names_of(const clang::ASTContext& context)
{
    clang::PrintingPolicy policy(context.getLangOpts());
    policy.SuppressTagKeyword = true;
    policy.SuppressUnwrittenScope = true;
    return policy;
}

std::string own_name(const clang::NamedDecl& declaration)
{
    const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(&declaration);
    switch (declaration.getDeclName().getNameKind())
    {
    case clang::DeclarationName::CXXConstructorName:
        return method->getParent()->getNameAsString();
    case clang::DeclarationName::CXXDestructorName:
        return "~" + method->getParent()->getNameAsString();
    case clang::DeclarationName::CXXConversionFunctionName:
        return "operator " + method->getReturnType().getAsString(names_of(declaration.getASTContext()));
    default:
        return declaration.getNameAsString();
    }
}

/// Calls `take(scope)` for what encloses a declaration, from the inside.
template <typename Take>
void for_scopes(const clang::Decl& declaration, Take take)
{
    for (const auto* scope = declaration.getDeclContext(); scope != nullptr; scope = scope->getParent())
    {
        const auto* space = llvm::dyn_cast<clang::NamespaceDecl>(scope);
        if (space != nullptr && (space->isAnonymousNamespace() || space->isInline()))
        {
            continue;
        }
        const auto* named = llvm::dyn_cast<clang::NamedDecl>(scope);
        if (named != nullptr && !own_name(*named).empty())
        {
            take(*named);
        }
    }
}

void add_classes(const clang::CXXRecordDecl& record, std::vector<std::string>& classes)
{
    classes.push_back(full_name(record));
    if (!record.hasDefinition())
    {
        return;
    }
    for (const auto& base : record.bases())
    {
        if (const auto* parent = base.getType()->getAsCXXRecordDecl())
        {
            add_classes(*parent, classes);
        }
        else if (const auto* pattern = base.getType()->getAs<clang::TemplateSpecializationType>())
        {
            classes.push_back(full_name(*pattern->getTemplateName().getAsTemplateDecl()));
        }
    }
}

void add_tags(const clang::Decl& declaration, std::vector<std::string>& tags)
{
    for (const auto* one : declaration.redecls())
    {
        for (std::string& tag : annotation(*one, "ovm::tag"))
        {
            tags.push_back(std::move(tag));
        }
    }
}

} // namespace

std::string full_name(const clang::NamedDecl& declaration)
{
    std::string name = own_name(declaration);
    for_scopes(declaration, [&](const clang::NamedDecl& scope) { name = own_name(scope) + "::" + name; });
    return name;
}

std::string full_name(clang::QualType type)
{
    if (const auto* record = type->getAsCXXRecordDecl())
    {
        return type.getCanonicalType().getAsString(names_of(record->getASTContext()));
    }
    clang::PrintingPolicy policy{clang::LangOptions{}};
    policy.SuppressTagKeyword = true;
    return type.getCanonicalType().getAsString(policy);
}

Facts facts_of(const clang::FunctionDecl& function)
{
    const auto policy = names_of(function.getASTContext());
    Facts facts;
    facts.function = full_name(function);
    for (const auto* parameter : function.parameters())
    {
        facts.parameters += (facts.parameters.empty() ? "" : ", ") + parameter->getType().getAsString(policy);
    }
    facts.results = {function.getReturnType().getAsString(policy),
                     function.getReturnType().getCanonicalType().getAsString(policy)};
    facts.scopes = {facts.function};
    for_scopes(function, [&](const clang::NamedDecl& scope) { facts.scopes.push_back(full_name(scope)); });
    add_tags(function, facts.tags);
    facts.is_public = function.getAccess() == clang::AS_public ||
                      (function.getAccess() == clang::AS_none && !function.isInAnonymousNamespace());
    if (const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(&function))
    {
        add_classes(*method->getParent(), facts.classes);
        add_tags(*method->getParent(), facts.tags);
    }
    return facts;
}

Facts facts_of_call(const clang::FunctionDecl& callee, const clang::FunctionDecl& caller)
{
    Facts facts = facts_of(callee);
    facts.is_call = true;
    facts.scopes = facts_of(caller).scopes;
    return facts;
}

} // namespace ovm::compiler
