#include "preparation.hpp"

#include <set>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

#include "markers.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

void quantify(llvm::Module& module)
{
    for (auto& function : module)
    {
        if (function.isDeclaration() || !function.getName().starts_with(marker::for_all_prefix))
            continue;
        llvm::CallInst* predicate = nullptr;
        for (auto& instruction : llvm::instructions(function))
        {
            auto* const call = llvm::dyn_cast<llvm::CallInst>(&instruction);
            if (call != nullptr && call->getCalledFunction() != nullptr && !is_trap(*call) &&
                !call->getCalledFunction()->isIntrinsic())
            {
                if (predicate != nullptr)
                    throw Refusal{"a quantified expression that calls more than its predicate"};
                predicate = call;
            }
        }
        if (predicate == nullptr || function.arg_size() != 2 || predicate->arg_size() != 2)
            throw Refusal{"a quantified expression of an unknown form"};
        auto* const callee = predicate->getCalledFunction();
        auto* const number = llvm::Type::getInt64Ty(module.getContext());
        auto* const truth = llvm::Type::getInt1Ty(module.getContext());
        auto const index = module.getOrInsertFunction(marker::index, number, number);
        auto const quantified = module.getOrInsertFunction(marker::quantified, truth, number, number, truth);
        function.deleteBody();
        function.setLinkage(llvm::GlobalValue::InternalLinkage);
        auto* const begin = llvm::BasicBlock::Create(module.getContext(), "", &function);
        auto* const inside = llvm::BasicBlock::Create(module.getContext(), "", &function);
        auto* const end = llvm::BasicBlock::Create(module.getContext(), "", &function);
        llvm::IRBuilder<> build(begin);
        auto* const limit = function.getArg(0);
        auto* const at = build.CreateCall(index, {limit});
        build.CreateCondBr(build.CreateICmpULT(at, limit), inside, end);
        build.SetInsertPoint(inside);
        auto* const holds = build.CreateCall(callee, {function.getArg(1), at});
        build.CreateBr(end);
        build.SetInsertPoint(end);
        auto* const value = build.CreatePHI(truth, 2);
        value->addIncoming(build.getTrue(), begin);
        value->addIncoming(holds, inside);
        build.CreateRet(build.CreateCall(quantified, {at, limit, value}));
    }
}

} // namespace ovm::compiler::verifier
