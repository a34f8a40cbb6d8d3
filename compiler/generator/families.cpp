#include "facts.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/Attr.h"
#include "clang/AST/CXXInheritance.h"
#include "clang/AST/DeclTemplate.h"
#include "llvm/ADT/SetVector.h"

#include <algorithm>

namespace ovm::compiler
{
namespace
{

/// What is to be written is declared in the class, in public, and nowhere defined.
bool wants(const Facts& facts, const clang::CXXRecordDecl& family, llvm::StringRef name)
{
    for (const clang::Decl* member : family.decls())
    {
        const auto* named = llvm::dyn_cast<clang::NamedDecl>(member);
        const auto* in_template = llvm::dyn_cast<clang::ClassTemplateDecl>(member);
        const auto* record =
            in_template != nullptr ? in_template->getTemplatedDecl() : llvm::dyn_cast<clang::CXXRecordDecl>(member);
        if (record == nullptr || record->isImplicit() || named->getName() != name)
        {
            continue;
        }
        if (record->hasDefinition())
        {
            facts.refuse(*named, "'" + named->getQualifiedNameAsString() + "' is written by hand",
                         "it is written for each class that is marked OVM_FAMILY",
                         "leave the declaration, and take the definition away");
        }
        if (member->getAccess() != clang::AS_public)
        {
            facts.refuse(*named, "'" + named->getQualifiedNameAsString() + "' is not public",
                         "whoever holds the family's objects names it", "declare it in a public part");
        }
        return true;
    }
    return false;
}

bool is_result(clang::QualType type)
{
    const auto* record = type.getCanonicalType()->getAsCXXRecordDecl();
    return record != nullptr && record->getName() == "Result" && record->getQualifiedNameAsString() == "ovm::Result";
}

bool same_parameters(const clang::ASTContext& context, const clang::FunctionDecl& one, const clang::FunctionDecl& other)
{
    return std::ranges::equal(one.parameters(), other.parameters(),
                              [&](const clang::ParmVarDecl* left, const clang::ParmVarDecl* right)
                              { return context.hasSameType(left->getType(), right->getType()); });
}

/// `contract_of_NAME` (base/contract.hpp), a template unless the verifier reads.
bool has_contract(const clang::ASTContext& context, const clang::CXXMethodDecl& call)
{
    const std::string name = "contract_of_" + call.getNameAsString();
    return std::ranges::any_of(call.getParent()->decls(),
                               [&](const clang::Decl* member)
                               {
                                   const auto* in_template = llvm::dyn_cast<clang::FunctionTemplateDecl>(member);
                                   const auto* function = in_template != nullptr
                                                              ? in_template->getTemplatedDecl()
                                                              : llvm::dyn_cast<clang::FunctionDecl>(member);
                                   return function != nullptr && function->getNameAsString() == name &&
                                          same_parameters(context, *function, call);
                               });
}

std::string qualifiers(const clang::CXXMethodDecl& call)
{
    std::string text = call.isConst() ? " const" : "";
    text += call.isVolatile() ? " volatile" : "";
    text += call.getRefQualifier() == clang::RQ_LValue ? " &" : call.getRefQualifier() == clang::RQ_RValue ? " &&" : "";
    const auto* type = call.getType()->castAs<clang::FunctionProtoType>();
    return text + (type->isNothrow() ? " noexcept" : "");
}

Declared_parameter read_parameter(const Facts& facts, const clang::ParmVarDecl& parameter, unsigned number)
{
    const clang::QualType type = parameter.getType();
    Declared_parameter read{.name = parameter.getName().empty() ? "argument_" + std::to_string(number)
                                                                : parameter.getNameAsString(),
                            .declaration = {},
                            .type = facts.spelled(type),
                            .moves = type->isRValueReferenceType() ||
                                     (type->isRecordType() && !type.isTriviallyCopyableType(facts.context()))};
    read.declaration = facts.spelled(type, read.name);
    return read;
}

Declared_call read_call(const Facts& facts, const clang::CXXMethodDecl& method)
{
    Declared_call call{.at = facts.at(method.getLocation()),
                       .name = method.getNameAsString(),
                       .result = facts.spelled(method.getReturnType()),
                       .parameters = {},
                       .qualifiers = qualifiers(method),
                       .without_answer = annotation(method, "ovm::without_answer"),
                       .answers_result = is_result(method.getReturnType()),
                       .answers_nothing = method.getReturnType()->isVoidType(),
                       .is_const = method.isConst(),
                       .is_pure = method.isPureVirtual(),
                       .has_contract = has_contract(facts.context(), method)};
    for (const clang::ParmVarDecl* parameter : method.parameters())
    {
        call.parameters.push_back(read_parameter(facts, *parameter, static_cast<unsigned>(call.parameters.size())));
    }
    return call;
}

void judge_call(const Facts& facts, const clang::CXXMethodDecl& method, const Declared_call& call, bool stands_in)
{
    const std::string name = "'" + method.getQualifiedNameAsString() + "'";
    if (method.isVariadic())
    {
        facts.refuse(method, name + " takes a variable number of arguments", "nobody can pass them on",
                     "name its parameters");
    }
    if (method.getAccess() != clang::AS_public)
    {
        facts.refuse(method, name + " is virtual and not public", "who passes a call on makes it on another object",
                     "make it public, or not virtual");
    }
    if (!stands_in)
    {
        return;
    }
    if (!call.without_answer && !call.answers_result && call.is_pure)
    {
        facts.refuse(method, name + " has no answer while nobody can answer",
                     "it answers no Result, so that a stand-in cannot say why there is none",
                     call.answers_nothing
                         ? "answer a Result<>, or write OVM_WITHOUT_ANSWER() before it, if it then does "
                           "nothing"
                         : "answer a Result, or write OVM_WITHOUT_ANSWER(VALUE) before it, with a value "
                           "that does no harm");
    }
    if (call.without_answer && call.answers_nothing != call.without_answer->empty())
    {
        facts.refuse(method, name + " and its OVM_WITHOUT_ANSWER do not fit",
                     call.answers_nothing ? "it answers nothing" : "it answers something",
                     call.answers_nothing ? "write OVM_WITHOUT_ANSWER()" : "write the answer into it");
    }
}

} // namespace

std::optional<Declared_family> read_family(const Facts& facts, const clang::CXXRecordDecl& record)
{
    const std::string name = "'" + record.getQualifiedNameAsString() + "'";
    if (record.getDescribedClassTemplate() != nullptr || llvm::isa<clang::ClassTemplateSpecializationDecl>(record))
    {
        facts.refuse(record, "the family " + name + " is a template",
                     "a family is one interface, to which references and modules are bound",
                     "mark a class for each of its uses");
        return std::nullopt;
    }
    auto scope = facts.scope_of(record);
    if (!scope)
    {
        return std::nullopt;
    }
    Declared_family family{.at = facts.at(record.getLocation()),
                           .scope = *scope,
                           .wants_stand_in = wants(facts, record, "Stand_in"),
                           .wants_forwarder = wants(facts, record, "Forwarder"),
                           .calls = {}};
    if (!family.wants_stand_in && !family.wants_forwarder)
    {
        facts.refuse(record, "the family " + name + " declares nothing that is to be written",
                     "it is marked OVM_FAMILY, which asks for that",
                     "declare in it `class Stand_in;`, or `template <typename Way> class Forwarder;`");
        return std::nullopt;
    }
    clang::CXXFinalOverriderMap overriders;
    record.getFinalOverriders(overriders);
    llvm::SetVector<const clang::CXXMethodDecl*> methods;
    for (const auto& [method, final] : overriders)
    {
        const auto* last = final.begin()->second.front().Method;
        if (!llvm::isa<clang::CXXDestructorDecl>(last) && !last->hasAttr<clang::FinalAttr>())
        {
            methods.insert(last);
        }
    }
    for (const auto* method : methods)
    {
        family.calls.push_back(read_call(facts, *method));
        judge_call(facts, *method, family.calls.back(), family.wants_stand_in);
    }
    return family;
}

} // namespace ovm::compiler
