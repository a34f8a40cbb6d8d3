#include "facts.hpp"

#include "clang/AST/ASTContext.h"

namespace ovm::compiler
{
namespace
{

const clang::EnumDecl* losses_of(const clang::CXXRecordDecl& state)
{
    for (const clang::Decl* member : state.decls())
    {
        const auto* losses = llvm::dyn_cast<clang::EnumDecl>(member);
        if (losses != nullptr && losses->getName() == "Loss" && losses->isComplete())
        {
            return losses;
        }
    }
    return nullptr;
}

} // namespace

std::optional<Declared_losses> read_losses(const Facts& facts, const clang::CXXRecordDecl& record)
{
    const std::string name = "'" + record.getQualifiedNameAsString() + "'";
    const auto* losses = losses_of(record);
    if (losses == nullptr || record.getDescribedClassTemplate() != nullptr)
    {
        facts.refuse(record, name + " has OVM_LOSSES, but no losses",
                     "their names are those of the bits of its enumeration Loss", "give it one, and be no template");
        return std::nullopt;
    }
    auto scope = facts.scope_of(record);
    if (!scope)
    {
        return std::nullopt;
    }
    Declared_losses declared{.at = facts.at(losses->getLocation()), .scope = *scope, .names = {}};
    for (const clang::EnumConstantDecl* loss : losses->enumerators())
    {
        const auto value = loss->getInitVal().getZExtValue();
        if (value == 0)
        {
            continue;
        }
        if (value != std::uint64_t{1} << declared.names.size())
        {
            facts.refuse(*loss, "'" + loss->getQualifiedNameAsString() + "' is not the next bit",
                         "a loss is one bit, and its name stands in a table in the order of bits",
                         "count 1, 2, 4, and so on");
            return std::nullopt;
        }
        const auto words = annotation(*loss, "ovm::lost");
        if (!words)
        {
            facts.refuse(*loss, "nobody can say what '" + loss->getQualifiedNameAsString() + "' is",
                         "the record of a swap names to people what was lost",
                         "write OVM_LOST(\"WORDS\") behind its name");
            return std::nullopt;
        }
        declared.names.push_back(*words);
    }
    return declared;
}

} // namespace ovm::compiler
