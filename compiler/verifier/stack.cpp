#include "stack.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include <llvm/IR/DataLayout.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

namespace ovm::compiler::verifier
{

namespace
{

/// Return address, frame pointer, and the registers that a function saves for its caller, with room to align.
constexpr std::uint64_t call_bytes = 8 + 8 + 5 * 8 + 8;
constexpr std::uint64_t no_bound = std::numeric_limits<std::uint64_t>::max();

class Depth
{
public:
    std::uint64_t of(llvm::Function& function)
    {
        if (function.isDeclaration())
            return call_bytes;
        if (on_path_.contains(&function))
            return no_bound;
        if (auto const known = known_.find(&function); known != known_.end())
            return known->second;
        on_path_.insert(&function);
        auto const& data = function.getParent()->getDataLayout();
        std::uint64_t locals = call_bytes;
        std::uint64_t deepest = 0;
        for (auto& instruction : llvm::instructions(function))
        {
            if (auto* const place = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
                locals += llvm::alignTo(data.getTypeAllocSize(place->getAllocatedType()), 8);
            auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
            if (call != nullptr && call->getCalledFunction() != nullptr && !call->getCalledFunction()->isIntrinsic())
                deepest = std::max(deepest, of(*call->getCalledFunction()));
        }
        on_path_.erase(&function);
        auto const sum = deepest == no_bound ? no_bound : locals + deepest;
        known_[&function] = sum;
        return sum;
    }

private:
    std::set<llvm::Function*> on_path_{};
    std::map<llvm::Function*, std::uint64_t> known_{};
};

} // namespace

std::uint64_t stack_of(llvm::Function& function)
{
    return Depth().of(function);
}

} // namespace ovm::compiler::verifier
