#include "mutants.hpp"

#include <functional>
#include <set>

#include <llvm/ADT/StringExtras.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include "markers.hpp"
#include "slice.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

using llvm::CmpInst;
using llvm::Instruction;

/// A mistake that is not made yet.
struct Possibility
{
    Mutant mutant{};
    std::function<void()> make{};
};

const char* sign_of(CmpInst::Predicate predicate)
{
    switch (predicate)
    {
    case CmpInst::ICMP_EQ:
        return "==";
    case CmpInst::ICMP_NE:
        return "!=";
    case CmpInst::ICMP_ULT:
    case CmpInst::ICMP_SLT:
        return "<";
    case CmpInst::ICMP_ULE:
    case CmpInst::ICMP_SLE:
        return "<=";
    case CmpInst::ICMP_UGT:
    case CmpInst::ICMP_SGT:
        return ">";
    default:
        return ">=";
    }
}

/// A function that only contracts call: to change it is to change what is proved, not what is proved of.
bool is_contract(const llvm::Function& function)
{
    auto const name = function.getName();
    return name.ends_with(marker::class_invariant_suffix) || name.starts_with(marker::for_all_prefix);
}

class Search
{
public:
    std::vector<Possibility> run(const std::vector<llvm::Function*>& functions)
    {
        for (auto* const function : functions)
        {
            if (is_contract(*function))
                continue;
            for (auto& instruction : llvm::instructions(*function))
            {
                if (is_own(instruction))
                    look(instruction);
            }
        }
        return std::move(found_);
    }

private:
    /// Of the project's source; neither made by a sanitizer nor before a trap alone.
    static bool is_own(const Instruction& instruction)
    {
        auto const& at = instruction.getDebugLoc();
        return at && at.getLine() != 0 && !at->getFilename().contains("/c++/v1/") &&
               !instruction.hasMetadata(llvm::LLVMContext::MD_nosanitize) &&
               !llvm::isa<llvm::DbgInfoIntrinsic>(instruction);
    }

    void add(Instruction& at, const std::string& what, std::function<void()> make)
    {
        auto const& place = at.getDebugLoc();
        found_.push_back({{.file = place->getFilename().str(),
                           .line = place.getLine(),
                           .column = place.getCol(),
                           .function = at.getFunction()->getName().str(),
                           .what = what},
                          std::move(make)});
    }

    void look(Instruction& instruction)
    {
        if (auto* const comparison = llvm::dyn_cast<llvm::ICmpInst>(&instruction))
            compare(*comparison);
        else if (auto* const operation = llvm::dyn_cast<llvm::BinaryOperator>(&instruction))
            operate(*operation);
        else if (auto* const branch = llvm::dyn_cast<llvm::BranchInst>(&instruction))
            turn(*branch);
        else if (auto* const store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
            forget(*store);
        else if (auto* const call = llvm::dyn_cast<llvm::CallInst>(&instruction))
            leave_out(*call);
    }

    void compare(llvm::ICmpInst& comparison)
    {
        if (is_check(comparison))
            return;
        auto const now = comparison.getPredicate();
        auto become = [&](CmpInst::Predicate other)
        {
            add(comparison, std::string(sign_of(now)) + " became " + sign_of(other),
                [&comparison, other] { comparison.setPredicate(other); });
        };
        if (comparison.isRelational())
            become(CmpInst::isStrictPredicate(now) ? CmpInst::getNonStrictPredicate(now)
                                                   : CmpInst::getStrictPredicate(now));
        become(CmpInst::getInversePredicate(now));
        vary_constants(comparison);
    }

    void operate(llvm::BinaryOperator& operation)
    {
        if (is_check(operation))
            return;
        static constexpr std::pair<Instruction::BinaryOps, Instruction::BinaryOps> others[] = {
            {Instruction::Add, Instruction::Sub},  {Instruction::Sub, Instruction::Add},
            {Instruction::And, Instruction::Or},   {Instruction::Or, Instruction::And},
            {Instruction::Shl, Instruction::LShr}, {Instruction::LShr, Instruction::Shl},
            {Instruction::UDiv, Instruction::Mul}, {Instruction::Mul, Instruction::UDiv}};
        for (auto const& [from, to] : others)
        {
            if (operation.getOpcode() != from || operation.getType()->isIntegerTy(1))
                continue;
            add(operation, std::string(Instruction::getOpcodeName(from)) + " became " + Instruction::getOpcodeName(to),
                [&operation, to]
                {
                    auto* const other = llvm::BinaryOperator::Create(
                        to, operation.getOperand(0), operation.getOperand(1), "", operation.getIterator());
                    other->setDebugLoc(operation.getDebugLoc());
                    operation.replaceAllUsesWith(other);
                    operation.eraseFromParent();
                });
        }
        vary_constants(operation);
    }

    /// Whether to go on or not, where the comparison itself is not at hand.
    void turn(llvm::BranchInst& branch)
    {
        if (!branch.isConditional() || llvm::isa<llvm::ICmpInst>(branch.getCondition()) || leads_to_trap(branch))
            return;
        add(branch, "the condition is negated", [&branch] { branch.swapSuccessors(); });
    }

    /// What a variable begins with cannot be left out unseen: only what goes to objects.
    void forget(llvm::StoreInst& store)
    {
        auto* const what = store.getValueOperand();
        if (auto* const number = llvm::dyn_cast<llvm::ConstantInt>(what);
            number != nullptr && !number->getType()->isIntegerTy(1))
            vary_constants(store);
        if (llvm::isa<llvm::AllocaInst>(store.getPointerOperand()) || llvm::isa<llvm::Argument>(what) ||
            what->stripInBoundsOffsets()->getName().starts_with("_ZTV"))
            return;
        add(store, "the store is gone", [&store] { store.eraseFromParent(); });
    }

    void leave_out(llvm::CallInst& call)
    {
        auto const* const callee = call.getCalledFunction();
        if (callee == nullptr || is_trap(call) || marker::is_statement(call))
            return;
        if (auto* const known = llvm::dyn_cast<llvm::IntrinsicInst>(&call))
            return change(*known);
        if (callee->getReturnType()->isVoidTy() && !callee->hasStructRetAttr() && !is_contract(*callee))
            add(call, "the call is gone", [&call] { call.eraseFromParent(); });
        for (unsigned i = 0; i < call.arg_size(); ++i)
        {
            if (call.getArgOperand(i)->getType() == call.getType() && callee->getName().starts_with("_ZNSt3__1"))
                add(call, "the call became its argument " + std::to_string(i + 1),
                    [&call, i]
                    {
                        call.replaceAllUsesWith(call.getArgOperand(i));
                        call.eraseFromParent();
                    });
        }
        vary_constants(call);
    }

    /// Checked sums are calls.
    void change(llvm::IntrinsicInst& call)
    {
        using llvm::Intrinsic::ID;
        static constexpr std::pair<ID, ID> others[] = {
            {llvm::Intrinsic::uadd_with_overflow, llvm::Intrinsic::usub_with_overflow},
            {llvm::Intrinsic::usub_with_overflow, llvm::Intrinsic::uadd_with_overflow},
            {llvm::Intrinsic::sadd_with_overflow, llvm::Intrinsic::ssub_with_overflow},
            {llvm::Intrinsic::ssub_with_overflow, llvm::Intrinsic::sadd_with_overflow}};
        for (auto const& [from, to] : others)
        {
            if (call.getIntrinsicID() != from)
                continue;
            bool const was_sum =
                from == llvm::Intrinsic::uadd_with_overflow || from == llvm::Intrinsic::sadd_with_overflow;
            add(call, was_sum ? "+ became -" : "- became +",
                [&call, to]
                {
                    call.setCalledFunction(
                        llvm::Intrinsic::getDeclaration(call.getModule(), to, {call.getArgOperand(0)->getType()}));
                });
            vary_constants(call);
        }
    }

    void vary_constants(Instruction& instruction)
    {
        for (unsigned i = 0; i < instruction.getNumOperands(); ++i)
        {
            auto* const number = llvm::dyn_cast<llvm::ConstantInt>(instruction.getOperand(i));
            if (number == nullptr || number->getType()->isIntegerTy(1) || number->getBitWidth() > 64)
                continue;
            for (auto const by : {1, -1})
            {
                auto const other = number->getValue() + llvm::APInt(number->getBitWidth(), by, true);
                add(instruction,
                    llvm::toString(number->getValue(), 10, true) + " became " + llvm::toString(other, 10, true),
                    [&instruction, i, other]
                    { instruction.setOperand(i, llvm::ConstantInt::get(instruction.getContext(), other)); });
            }
        }
    }

    static bool leads_to_trap(const llvm::BranchInst& branch)
    {
        for (auto const* const next : branch.successors())
        {
            for (auto const& instruction : *next)
            {
                auto const* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
                if (call != nullptr && is_trap(*call))
                    return true;
            }
        }
        return false;
    }

    /// Whether it does nothing but decide about a trap: a contract's own expression.
    static bool is_check(const Instruction& instruction)
    {
        std::set<const llvm::Value*> seen{&instruction};
        std::vector<const llvm::Value*> left{&instruction};
        bool any = false;
        while (!left.empty())
        {
            auto const* const at = left.back();
            left.pop_back();
            for (auto const* const user : at->users())
            {
                auto const* const branch = llvm::dyn_cast<llvm::BranchInst>(user);
                if (branch != nullptr && !leads_to_trap(*branch))
                    return false;
                any = any || branch != nullptr;
                auto const* const call = llvm::dyn_cast<llvm::CallBase>(user);
                bool const expects = call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::expect;
                bool const tells = call != nullptr && marker::is_statement(*call);
                any = any || tells;
                if (branch != nullptr || tells)
                    continue;
                if (!expects && !llvm::isa<llvm::CastInst>(user) && !llvm::isa<llvm::BinaryOperator>(user) &&
                    !llvm::isa<llvm::ICmpInst>(user) && !llvm::isa<llvm::PHINode>(user))
                    return false;
                if (seen.insert(user).second)
                    left.push_back(user);
            }
        }
        return any;
    }

    std::vector<Possibility> found_{};
};

} // namespace

std::vector<Mutant> mutants_of(const std::vector<llvm::Function*>& functions)
{
    std::vector<Mutant> list;
    for (auto& possibility : Search().run(functions))
        list.push_back(std::move(possibility.mutant));
    return list;
}

void make_mistake(const std::vector<llvm::Function*>& functions, std::size_t number)
{
    Search().run(functions).at(number).make();
}

} // namespace ovm::compiler::verifier
