#include "slice.hpp"

#include <set>

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

#include "markers.hpp"

namespace ovm::compiler::verifier
{

namespace
{

class Walk
{
public:
    void visit(llvm::Value& value)
    {
        if (auto* const function = llvm::dyn_cast<llvm::Function>(&value))
        {
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
    std::set<llvm::Function*> seen_{};
    std::vector<llvm::Function*> left_{};
};

template <typename Begin>
std::vector<llvm::Function*> reached_from(llvm::Module& module, const Begin& begins)
{
    Walk walk;
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
    return reached_from(module, [&](const llvm::Function& function) { return function.getName() == entry; });
}

std::vector<llvm::Function*> functions_for(llvm::Module& module, const std::string& entry)
{
    return reached_from(
        module, [&](const llvm::Function& function)
        { return function.getName() == entry || function.getName().ends_with(marker::class_invariant_suffix); });
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
