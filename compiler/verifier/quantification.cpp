#include "preparation.hpp"

#include <set>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

#include "markers.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

/// The call of what is said of each. Throws Refusal.
llvm::CallInst& predicate_of(llvm::Function& function, llvm::StringRef also)
{
    llvm::CallInst* predicate = nullptr;
    for (auto& instruction : llvm::instructions(function))
    {
        auto* const call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        if (call == nullptr || call->getCalledFunction() == nullptr || is_trap(*call) ||
            call->getCalledFunction()->isIntrinsic() || call->getCalledFunction()->getName() == also)
            continue;
        if (predicate != nullptr)
            throw Refusal{"a quantified expression that calls more than its predicate"};
        predicate = call;
    }
    if (predicate == nullptr || predicate->arg_size() != 2)
        throw Refusal{"a quantified expression of an unknown form"};
    return *predicate;
}

llvm::BasicBlock* begin_anew(llvm::Function& function)
{
    function.deleteBody();
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    return llvm::BasicBlock::Create(function.getContext(), "", &function);
}

/// Of indices below a limit.
void quantify_indices(llvm::Module& module, llvm::Function& function)
{
    if (function.arg_size() != 2)
        throw Refusal{"a quantified expression of an unknown form"};
    auto* const callee = predicate_of(function, {}).getCalledFunction();
    auto* const number = llvm::Type::getInt64Ty(module.getContext());
    auto* const truth = llvm::Type::getInt1Ty(module.getContext());
    auto const index = module.getOrInsertFunction(marker::index, number, number);
    auto const quantified = module.getOrInsertFunction(marker::quantified, truth, number, number, truth);
    auto* const begin = begin_anew(function);
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

/// Of the objects of a class.
void quantify_objects(llvm::Module& module, llvm::Function& function)
{
    auto* const callee = predicate_of(function, marker::any_object).getCalledFunction();
    auto* const pointer = llvm::PointerType::getUnqual(module.getContext());
    auto* const truth = llvm::Type::getInt1Ty(module.getContext());
    auto const any = module.getOrInsertFunction(marker::any_object, pointer);
    auto const every = module.getOrInsertFunction(marker::every, truth, pointer, truth);
    llvm::IRBuilder<> build(begin_anew(function));
    auto* const at = build.CreateCall(any);
    auto* const holds = build.CreateCall(callee, {function.getArg(0), at});
    build.CreateRet(build.CreateCall(every, {at, holds}));
}

} // namespace

void quantify(llvm::Module& module)
{
    for (auto& function : module)
    {
        if (function.isDeclaration())
            continue;
        if (function.getName().starts_with(marker::for_all_prefix))
            quantify_indices(module, function);
        else if (function.getName().starts_with(marker::for_every_prefix))
            quantify_objects(module, function);
    }
}

} // namespace ovm::compiler::verifier
