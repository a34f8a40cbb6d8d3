#include "traps.hpp"

#include <llvm/Demangle/Demangle.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>

#include "markers.hpp"

namespace ovm::compiler::verifier
{

namespace
{

constexpr const char* metadata = "ovm.trap";

/// By the numbers of clang's SanitizerHandler.
std::string sanitizer_kind(unsigned handler)
{
    static constexpr const char* names[] = {"addition overflows",
                                            "unreachable place is reached",
                                            "control flow integrity",
                                            "division by zero or overflow",
                                            "dynamic type",
                                            "conversion from floating point",
                                            "function type",
                                            "conversion loses value or sign",
                                            "argument of a builtin",
                                            "cast",
                                            "invalid value of bool or enum",
                                            "function ends without a return",
                                            "multiplication overflows",
                                            "negation overflows",
                                            "null argument",
                                            "null return",
                                            "null argument",
                                            "null return",
                                            "index out of bounds",
                                            "pointer overflows",
                                            "shift out of bounds",
                                            "subtraction overflows",
                                            "null pointer",
                                            "alignment assumption",
                                            "bound of an array"};
    return handler < std::size(names) ? names[handler] : "sanitizer check";
}

std::string text_at(const llvm::Value* pointer)
{
    auto const* const global = llvm::dyn_cast<llvm::GlobalVariable>(pointer->stripPointerCasts());
    if (global == nullptr || !global->hasInitializer())
        return {};
    auto const* const data = llvm::dyn_cast<llvm::ConstantDataSequential>(global->getInitializer());
    return data != nullptr && data->isCString() ? data->getAsCString().str() : std::string();
}

/// The call that a block of nothing else begins with.
llvm::CallInst* only_trap(llvm::BasicBlock& block)
{
    for (auto& instruction : block)
    {
        if (llvm::isa<llvm::DbgInfoIntrinsic>(instruction))
            continue;
        auto* const call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        return call != nullptr && is_trap(*call) ? call : nullptr;
    }
    return nullptr;
}

/// Checks of one kind in one function share a trap when the compiler is told to optimise: each gets its own, with the
/// check's place in the source.
void separate(llvm::Function& function)
{
    std::vector<llvm::BasicBlock*> shared;
    for (auto& block : function)
    {
        if (only_trap(block) != nullptr && !block.hasNPredecessors(1) && !llvm::isa<llvm::PHINode>(block.front()))
            shared.push_back(&block);
    }
    for (auto* const block : shared)
    {
        std::vector<llvm::BasicBlock*> before(llvm::pred_begin(block), llvm::pred_end(block));
        for (auto* const from : before)
        {
            llvm::ValueToValueMapTy copies;
            auto* const copy = llvm::CloneBasicBlock(block, copies, ".own", &function);
            only_trap(*copy)->setDebugLoc(from->getTerminator()->getDebugLoc());
            from->getTerminator()->replaceSuccessorWith(block, copy);
        }
        if (!before.empty())
            block->eraseFromParent();
    }
}

Trap describe(const llvm::CallBase& call)
{
    Trap trap;
    trap.function = readable(call.getFunction()->getName().str());
    if (auto const& place = call.getDebugLoc())
    {
        trap.file = place->getFilename().str();
        trap.line = place.getLine();
        trap.column = place.getCol();
    }
    auto const* const callee = call.getCalledFunction();
    switch (callee->getIntrinsicID())
    {
    case llvm::Intrinsic::ubsantrap:
        trap.kind = sanitizer_kind(llvm::cast<llvm::ConstantInt>(call.getArgOperand(0))->getZExtValue());
        return trap;
    case llvm::Intrinsic::trap:
        trap.kind = "check of the library";
        return trap;
    default:
        break;
    }
    if (callee->getName() == marker::contract_broken)
    {
        trap.kind = text_at(call.getArgOperand(0));
        trap.text = text_at(call.getArgOperand(1));
    }
    if (trap.kind.empty())
        trap.kind = "call of " + readable(callee->getName().str());
    return trap;
}

} // namespace

bool is_trap(const llvm::CallBase& call)
{
    auto const* const callee = call.getCalledFunction();
    if (callee == nullptr)
        return false;
    if (callee->isIntrinsic())
        return callee->getIntrinsicID() == llvm::Intrinsic::ubsantrap ||
               callee->getIntrinsicID() == llvm::Intrinsic::trap;
    return callee->isDeclaration() && (call.doesNotReturn() || callee->getName() == marker::contract_broken ||
                                       callee->getName() == marker::library_abort);
}

std::string trap_kind(const llvm::CallBase& trap)
{
    return describe(trap).kind;
}

std::vector<Trap> number_traps(llvm::Module& module)
{
    std::vector<Trap> traps;
    auto& context = module.getContext();
    for (auto& function : module)
    {
        separate(function);
        for (auto& block : function)
        {
            for (auto& instruction : block)
            {
                auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
                if (call == nullptr || !is_trap(*call))
                    continue;
                auto* const number =
                    llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), static_cast<std::uint32_t>(traps.size()));
                call->setMetadata(metadata, llvm::MDNode::get(context, llvm::ConstantAsMetadata::get(number)));
                traps.push_back(describe(*call));
            }
        }
    }
    return traps;
}

int number_of(const llvm::Instruction& trap)
{
    auto const* const node = trap.getMetadata(metadata);
    if (node == nullptr)
        return -1;
    return static_cast<int>(llvm::mdconst::extract<llvm::ConstantInt>(node->getOperand(0))->getZExtValue());
}

unsigned remove_traps(llvm::Module& module, const std::set<int>& proved)
{
    std::vector<llvm::CallBase*> going;
    unsigned removed = 0;
    for (auto& function : module)
    {
        for (auto& block : function)
        {
            for (auto& instruction : block)
            {
                auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
                if (call == nullptr)
                    continue;
                if (proved.contains(number_of(*call)))
                {
                    going.push_back(call);
                    ++removed;
                }
                else if (marker::is_statement(*call))
                    going.push_back(call);
                call->setMetadata(metadata, nullptr);
            }
        }
    }
    for (auto* const call : going)
    {
        if (is_trap(*call))
            llvm::changeToUnreachable(call);
        else
            call->eraseFromParent();
    }
    marker::forget(module);
    return removed;
}

std::string readable(const std::string& mangled)
{
    auto text = llvm::demangle(mangled);
    for (std::size_t at = 0; (at = text.find("ovm::", at)) != std::string::npos;)
        text.erase(at, 5);
    return text;
}

} // namespace ovm::compiler::verifier
