#include "trace_map.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/CXXInheritance.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"

namespace ovm::checker
{
namespace
{

using Fields = llvm::SmallPtrSet<const clang::FieldDecl*, 8>;

/// The members whose offsets a map takes.
class Named_fields final : public clang::RecursiveASTVisitor<Named_fields>
{
public:
    bool shouldVisitTemplateInstantiations() const { return true; }
    bool VisitOffsetOfExpr(clang::OffsetOfExpr* expression)
    {
        for (unsigned i = 0; i < expression->getNumComponents(); ++i)
        {
            if (expression->getComponent(i).getKind() == clang::OffsetOfNode::Field)
            {
                fields_.insert(expression->getComponent(i).getField()->getCanonicalDecl());
            }
        }
        return true;
    }
    [[nodiscard]] bool contains(const clang::FieldDecl& field) const
    {
        return fields_.contains(field.getCanonicalDecl());
    }

private:
    Fields fields_;
};

/// What arrays, std::array too, are made of.
clang::QualType element_of(const clang::ASTContext& context, clang::QualType type)
{
    for (;;)
    {
        if (const auto* array = context.getAsArrayType(type))
        {
            type = array->getElementType();
            continue;
        }
        const auto* record = llvm::dyn_cast_or_null<clang::ClassTemplateSpecializationDecl>(type->getAsCXXRecordDecl());
        if (record == nullptr || !record->isInStdNamespace() || record->getName() != "array")
        {
            return type;
        }
        type = record->getTemplateArgs()[0].getAsType();
    }
}

bool is_reference(const clang::CXXRecordDecl& record)
{
    return record.getQualifiedNameAsString() == "ovm::object::Traced";
}

/// The members through which an object of the class, or of one that it contains, holds references. A member's type is
/// entered once: it holds references or it does not.
void find_references(const clang::ASTContext& context, const clang::CXXRecordDecl& whole, Fields& found)
{
    llvm::SmallVector<const clang::CXXRecordDecl*, 8> waiting{&whole};
    llvm::SmallPtrSet<const clang::CXXRecordDecl*, 8> seen;
    while (!waiting.empty())
    {
        const auto* record = waiting.pop_back_val()->getDefinition();
        if (record == nullptr || record->isDependentContext() || !seen.insert(record).second)
        {
            continue;
        }
        for (const auto& base : record->bases())
        {
            if (const auto* parent = base.getType()->getAsCXXRecordDecl())
            {
                waiting.push_back(parent);
            }
        }
        for (const clang::FieldDecl* field : record->fields())
        {
            const auto* member = element_of(context, field->getType())->getAsCXXRecordDecl();
            if (member != nullptr && is_reference(*member))
            {
                found.insert(field->getCanonicalDecl());
            }
            else if (member != nullptr)
            {
                waiting.push_back(member);
            }
        }
    }
}

const clang::FunctionDecl* map_of(const clang::CXXRecordDecl& whole)
{
    llvm::SmallVector<const clang::CXXRecordDecl*, 4> waiting{&whole};
    while (!waiting.empty())
    {
        const auto* record = waiting.pop_back_val()->getDefinition();
        if (record == nullptr)
        {
            continue;
        }
        for (const clang::CXXMethodDecl* method : record->methods())
        {
            if (method->getDeclName().isIdentifier() && method->getName() == "trace_map")
            {
                return method;
            }
        }
        for (const auto& base : record->bases())
        {
            if (const auto* parent = base.getType()->getAsCXXRecordDecl())
            {
                waiting.push_back(parent);
            }
        }
    }
    return nullptr;
}

} // namespace

void Trace_map::check_class(const clang::CXXRecordDecl& record)
{
    if (!record.isThisDeclarationADefinition() || record.isDependentContext() || record.isInvalidDecl())
    {
        return;
    }
    const auto* map = map_of(record);
    if (map == nullptr)
    {
        return;
    }
    // The body of an instantiation is there once somebody asked for the map; its pattern names the same members.
    const clang::FunctionDecl* written = map->getDefinition();
    if (written == nullptr)
    {
        return;
    }
    Fields references;
    find_references(context_, record, references);
    Named_fields named;
    named.TraverseDecl(const_cast<clang::FunctionDecl*>(written));
    for (const clang::FieldDecl* field : references)
    {
        if (!named.contains(*field))
        {
            reporter_.report(Rule::trace_map, record.getLocation(),
                             "the trace map of '" + record.getNameAsString() + "', which does not name '" +
                                 field->getQualifiedNameAsString() + "',");
        }
    }
}

} // namespace ovm::checker
