#include "preparation.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

class Search
{
public:
    /// Who is done may be met again on another path, but never on one that it is on itself.
    std::string visit(llvm::Function& function)
    {
        if (std::find(path_.begin(), path_.end(), &function) != path_.end())
            return readable(function.getName().str());
        if (!done_.insert(&function).second)
            return {};
        path_.push_back(&function);
        for (auto& instruction : llvm::instructions(function))
        {
            auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
            auto* const callee = call == nullptr ? nullptr : call->getCalledFunction();
            if (callee == nullptr || callee->isDeclaration())
                continue;
            if (auto found = visit(*callee); !found.empty())
                return found;
        }
        path_.pop_back();
        return {};
    }

private:
    std::vector<llvm::Function*> path_{};
    std::set<llvm::Function*> done_{};
};

} // namespace

std::string recursion_in(llvm::Function& entry)
{
    return Search().visit(entry);
}

} // namespace ovm::compiler::verifier
