#include "facts.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclTemplate.h"

#include <algorithm>

namespace ovm::compiler
{
namespace
{

/// The definition of a class, or of the template that it is made of while its arguments are not known.
const clang::CXXRecordDecl* definition_of(clang::QualType type)
{
    if (const auto* record = type->getAsCXXRecordDecl())
    {
        return record->getDefinition();
    }
    const auto* made = type->getAs<clang::TemplateSpecializationType>();
    const auto* from =
        made == nullptr ? nullptr
                        : llvm::dyn_cast_or_null<clang::ClassTemplateDecl>(made->getTemplateName().getAsTemplateDecl());
    return from == nullptr ? nullptr : from->getTemplatedDecl()->getDefinition();
}

bool is_reference(const clang::CXXRecordDecl& record)
{
    if (record.getQualifiedNameAsString() == "ovm::object::Traced_reference")
    {
        return true;
    }
    return std::ranges::any_of(record.bases(),
                               [](const clang::CXXBaseSpecifier& base)
                               {
                                   const auto* parent = definition_of(base.getType());
                                   return parent != nullptr && is_reference(*parent);
                               });
}

/// What a std::array is made of.
std::optional<clang::QualType> element_of(clang::QualType type)
{
    const auto* record = definition_of(type);
    if (record == nullptr || !record->isInStdNamespace() || record->getName() != "array")
    {
        return std::nullopt;
    }
    if (const auto* made = type->getAs<clang::TemplateSpecializationType>(); made != nullptr && !made->isTypeAlias())
    {
        return made->template_arguments()[0].getAsType();
    }
    const auto* known = llvm::dyn_cast<clang::ClassTemplateSpecializationDecl>(record);
    return known == nullptr ? std::nullopt : std::optional(known->getTemplateArgs()[0].getAsType());
}

/// Finds all references that an object of a class holds, and says how each is named in it.
class Members final
{
public:
    Members(const Facts& facts, const clang::CXXRecordDecl& whole) : facts_(facts), whole_(whole) {}

    std::vector<std::string> find()
    {
        look_through(whole_, "", nullptr);
        return std::move(found_);
    }

private:
    /// `around`: what keeps all members of `record` from being named; null: nothing does.
    void look_through(const clang::CXXRecordDecl& record, const std::string& prefix, const char* around)
    {
        for (const clang::CXXBaseSpecifier& base : record.bases())
        {
            if (const auto* parent = definition_of(base.getType()))
            {
                look_through(*parent, prefix, base.isVirtual() ? "it stands in a virtual base" : around);
            }
        }
        for (const clang::FieldDecl* field : record.fields())
        {
            look_at(*field, field->getType(), prefix + field->getNameAsString(),
                    around != nullptr ? around : obstacle(*field, !prefix.empty()));
        }
    }

    void look_at(const clang::FieldDecl& field, clang::QualType type, const std::string& name, const char* why)
    {
        if (const auto element = element_of(type))
        {
            auto innermost = *element;
            while (const auto next = element_of(innermost))
            {
                innermost = *next;
            }
            const auto* record = definition_of(innermost);
            if (record != nullptr && is_reference(*record))
            {
                return add(field, name, why);
            }
            return look_at(field, innermost, name, "it stands in the elements of an array");
        }
        if (const auto* array = facts_.context().getAsArrayType(type))
        {
            return look_at(field, array->getElementType(), name, "it stands in an array that is no std::array");
        }
        const auto* record = definition_of(type);
        if (record == nullptr)
        {
            return;
        }
        if (is_reference(*record))
        {
            return add(field, name, why);
        }
        look_through(*record, name + ".", why);
    }

    /// What keeps a map, which names what the class itself may name, from naming this; nothing.
    const char* obstacle(const clang::FieldDecl& field, bool inside_member) const
    {
        if (field.getParent()->isUnion())
        {
            return "it stands in a union";
        }
        if (field.getName().empty())
        {
            return "it has no name";
        }
        const bool can_be_named = field.getParent() == &whole_ || field.getAccess() == clang::AS_public ||
                                  (!inside_member && field.getAccess() == clang::AS_protected);
        return can_be_named ? nullptr : "it is private there";
    }

    void add(const clang::FieldDecl& field, const std::string& name, const char* why)
    {
        if (why == nullptr && std::ranges::find(found_, name) != found_.end())
        {
            why = "another one of that name hides it";
        }
        if (why != nullptr)
        {
            facts_.refuse(whole_,
                          "the trace map of '" + whole_.getQualifiedNameAsString() + "' cannot name '" +
                              field.getQualifiedNameAsString() + "'",
                          why, "make it a member of the class itself, or a public one of a named member");
        }
        found_.push_back(name);
    }

    const Facts& facts_;
    const clang::CXXRecordDecl& whole_;
    std::vector<std::string> found_;
};

/// The head of the template that a class is, and its name with arguments. False, and a problem: it cannot be repeated.
bool repeat_template(const Facts& facts, const clang::CXXRecordDecl& record, Declared_trace_map& map)
{
    const auto* made = record.getDescribedClassTemplate();
    if (made == nullptr)
    {
        return true;
    }
    const auto* parameters = made->getTemplateParameters();
    std::string head;
    std::string arguments;
    for (const clang::NamedDecl* parameter : *parameters)
    {
        const auto* type = llvm::dyn_cast<clang::TemplateTypeParmDecl>(parameter);
        const auto* value = llvm::dyn_cast<clang::NonTypeTemplateParmDecl>(parameter);
        if ((type == nullptr && value == nullptr) || (type != nullptr && type->hasTypeConstraint()) ||
            parameters->hasAssociatedConstraints())
        {
            facts.refuse(record, "the template '" + record.getQualifiedNameAsString() + "' cannot have a trace map",
                         "its parameters are constrained, or templates themselves",
                         "take the constraint into a static_assert");
            return false;
        }
        const std::string name = parameter->getName().empty() ? "Argument_" + std::to_string(arguments.size())
                                                              : parameter->getNameAsString();
        const std::string dots = parameter->isParameterPack() ? "..." : "";
        head += (head.empty() ? "" : ", ") +
                (type != nullptr ? "typename" + dots + " " + name : facts.spelled(value->getType(), name));
        arguments += (arguments.empty() ? "" : ", ") + name + dots;
    }
    map.template_head = "template <" + head + ">";
    map.scope.name += "<" + arguments + ">";
    return true;
}

} // namespace

std::optional<Declared_trace_map> read_trace_map(const Facts& facts, const clang::CXXRecordDecl& record)
{
    if (llvm::isa<clang::ClassTemplateSpecializationDecl>(record))
    {
        facts.refuse(record, "the specialization '" + record.getQualifiedNameAsString() + "' cannot have a trace map",
                     "its template's is written", "make it a class of its own");
        return std::nullopt;
    }
    auto scope = facts.scope_of(record);
    if (!scope)
    {
        return std::nullopt;
    }
    Declared_trace_map map{.at = facts.at(record.getLocation()),
                           .scope = *scope,
                           .template_head = {},
                           .self = record.getNameAsString(),
                           .members = Members(facts, record).find()};
    if (!repeat_template(facts, record, map))
    {
        return std::nullopt;
    }
    return map;
}

} // namespace ovm::compiler
