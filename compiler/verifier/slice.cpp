#include "slice.hpp"

#include <map>
#include <set>

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

#include "contracts.hpp"
#include "markers.hpp"

namespace ovm::compiler::verifier
{

namespace
{

class Walk
{
public:
    /// `by_contract`: a function that has a contract is not looked at itself, except the entry.
    Walk(llvm::Module& module, const std::string& entry, bool by_contract)
    {
        if (!by_contract)
            return;
        for (auto& function : module)
        {
            if (!is_contract(function))
                continue;
            auto* const subject = module.getFunction(subject_name(function));
            if (subject != nullptr && subject->getName() != entry)
                contracts_.emplace(subject, &function);
        }
    }

    void visit(llvm::Value& value)
    {
        if (auto* function = llvm::dyn_cast<llvm::Function>(&value))
        {
            auto const contract = contracts_.find(function);
            if (contract != contracts_.end())
                function = contract->second;
            if (!function->isDeclaration() && seen_.insert(function).second)
                left_.push_back(function);
            return;
        }
        if (auto* const alias = llvm::dyn_cast<llvm::GlobalAlias>(&value))
            return visit(*alias->getAliasee());
        // What a table of the module names is called through it, which is refused.
        if (llvm::isa<llvm::GlobalVariable>(value) || !llvm::isa<llvm::Constant>(value))
            return;
        for (auto& operand : llvm::cast<llvm::Constant>(value).operands())
            visit(*operand);
    }

    void run()
    {
        while (!left_.empty())
        {
            auto* const function = left_.back();
            left_.pop_back();
            for (auto& instruction : llvm::instructions(*function))
            {
                for (auto& operand : instruction.operands())
                    visit(*operand);
            }
        }
    }

    bool knows(llvm::Function& function) const { return seen_.contains(&function); }

private:
    std::map<llvm::Function*, llvm::Function*> contracts_{};
    std::set<llvm::Function*> seen_{};
    std::vector<llvm::Function*> left_{};
};

template <typename Begin>
std::vector<llvm::Function*> reached_from(llvm::Module& module, Walk walk, const Begin& begins)
{
    for (auto& function : module)
    {
        if (begins(function))
            walk.visit(function);
    }
    walk.run();
    std::vector<llvm::Function*> found;
    for (auto& function : module)
    {
        if (walk.knows(function))
            found.push_back(&function);
    }
    return found;
}

} // namespace

std::vector<llvm::Function*> call_tree(llvm::Module& module, const std::string& entry)
{
    return reached_from(module, Walk(module, entry, false),
                        [&](const llvm::Function& function) { return function.getName() == entry; });
}

std::vector<llvm::Function*> functions_for(llvm::Module& module, const std::string& entry)
{
    auto* const function = module.getFunction(entry);
    auto const* const contract =
        function == nullptr || function->isDeclaration() ? nullptr : contract_for(module, *function);
    return reached_from(module, Walk(module, entry, true),
                        [&](const llvm::Function& one)
                        {
                            return one.getName() == entry || &one == contract ||
                                   one.getName().ends_with(marker::class_invariant_suffix);
                        });
}

std::string slice(llvm::Module& module, const std::vector<llvm::Function*>& functions)
{
    std::set<llvm::Function*> const kept(functions.begin(), functions.end());
    // Other names of functions (constructors): there is none for a function without a body.
    for (auto& alias : llvm::make_early_inc_range(module.aliases()))
    {
        auto* const function = llvm::dyn_cast<llvm::Function>(alias.getAliaseeObject());
        if (function == nullptr || kept.contains(function))
            continue;
        alias.replaceAllUsesWith(alias.getAliasee());
        alias.eraseFromParent();
    }
    for (auto& function : module)
    {
        if (function.isDeclaration() || kept.contains(&function))
            continue;
        function.deleteBody();
        function.setSubprogram(nullptr);
        function.setComdat(nullptr);
    }
    llvm::SmallVector<char, 0> buffer;
    llvm::BitcodeWriter writer(buffer);
    writer.writeModule(module);
    writer.writeSymtab();
    writer.writeStrtab();
    return {buffer.begin(), buffer.end()};
}

} // namespace ovm::compiler::verifier
