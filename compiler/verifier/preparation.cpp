#include "preparation.hpp"

#include <map>
#include <set>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>

#include "contracts.hpp"
#include "entries.hpp"
#include "markers.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

constexpr unsigned most_calls = 4000;

class Preparation
{
public:
    Preparation(llvm::Module& module, llvm::Function& entry) : module_(module), entry_(entry) {}

    Prepared run()
    {
        result_.entry = &entry_;
        quantify(module_);
        if (auto* const record = provided_by(module_, entry_))
            wrap_constructor(*record);
        else
            wrap();
        inline_all();
        llvm::removeUnreachableBlocks(*wrapper_);
        mark_undefined();
        split_at_markers();
        normalise();
        summarise_initialisation(*wrapper_);
        result_.function = wrapper_;
        return result_;
    }

private:
    llvm::LLVMContext& context() { return module_.getContext(); }

    llvm::IRBuilder<> new_wrapper(const std::vector<llvm::Type*>& parameters)
    {
        auto* const type = llvm::FunctionType::get(llvm::Type::getVoidTy(context()), parameters, false);
        wrapper_ = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, "ovm.entry", module_);
        return llvm::IRBuilder<>(llvm::BasicBlock::Create(context(), "", wrapper_));
    }

    llvm::Value* memory(llvm::IRBuilder<>& build, llvm::Type* type, const char* content, const char* name)
    {
        auto* const place = build.CreateAlloca(type, nullptr, name);
        fill(build, place, content);
        return place;
    }

    void fill(llvm::IRBuilder<>& build, llvm::AllocaInst* place, const char* content)
    {
        auto const size = module_.getDataLayout().getTypeAllocSize(place->getAllocatedType());
        auto* const bytes = llvm::ArrayType::get(llvm::Type::getInt8Ty(context()), size);
        auto* const global =
            new llvm::GlobalVariable(module_, bytes, true, llvm::GlobalValue::ExternalLinkage, nullptr, content);
        global->setAlignment(llvm::Align(64));
        build.CreateMemCpy(place, place->getAlign(), global, llvm::Align(64), size);
    }

    void call_marker(llvm::IRBuilder<>& build, const char* name, llvm::Value* holds)
    {
        auto const function = module_.getOrInsertFunction(name, llvm::Type::getVoidTy(context()), holds->getType());
        build.CreateCall(function, {holds});
    }

    void wrap()
    {
        std::vector<llvm::Type*> parameters;
        std::vector<int> position;
        for (auto& argument : entry_.args())
        {
            bool const ours = argument.hasStructRetAttr() || argument.hasByValAttr();
            position.push_back(ours ? -1 : static_cast<int>(parameters.size()));
            if (!ours)
                parameters.push_back(argument.getType());
        }
        auto build = new_wrapper(parameters);
        std::vector<llvm::Value*> values;
        for (auto& argument : entry_.args())
        {
            auto const at = position[argument.getArgNo()];
            if (argument.hasStructRetAttr())
                values.push_back(memory(build, argument.getParamStructRetType(), marker::undefined, "result"));
            else if (argument.hasByValAttr())
                values.push_back(memory(build, argument.getParamByValType(), marker::unknown, "by.value"));
            else
            {
                auto* const own = wrapper_->getArg(static_cast<unsigned>(at));
                for (auto const kind : {llvm::Attribute::NonNull, llvm::Attribute::Dereferenceable})
                {
                    if (argument.hasAttribute(kind))
                        own->addAttr(argument.getAttribute(kind));
                }
                result_.types.resize(wrapper_->arg_size());
                result_.types[static_cast<std::size_t>(at)] = declared_type(argument);
                values.push_back(own);
            }
        }
        auto* const contract = contract_for(module_, entry_);
        bool const is_own = contract != nullptr && contract == own_contract(module_, entry_);
        if (is_own && is_virtual(entry_))
            throw Refusal{"a contract of an override: it belongs to the interface"};
        // Who calls it by its own contract has shown no more than that says.
        auto* const invariant = has_object(entry_) && !is_own ? invariant_of(module_, entry_.getName()) : nullptr;
        auto* const self = values.empty() ? nullptr : values[entry_.hasStructRetAttr() ? 1 : 0];
        if (invariant != nullptr && invariant != &entry_)
        {
            result_.invariant = readable(invariant->getName().str());
            call_marker(build, marker::assume, build.CreateCall(invariant, {self}));
        }
        result_.has_contract = contract != nullptr;
        result_.object_size = has_object(entry_) ? object_size(entry_) : 0;
        build.CreateCall(contract == nullptr ? &entry_ : &around(module_, *contract, entry_), values);
        if (invariant != nullptr && invariant != &entry_)
            call_marker(build, marker::prove, build.CreateCall(invariant, {self}));
        build.CreateRetVoid();
    }

    /// The hypervisor gives the memory of the size that the module said, and one value for each parameter.
    void wrap_constructor(llvm::ConstantStruct& record)
    {
        result_.constructs = true;
        auto* const number = llvm::Type::getInt64Ty(context());
        bool const by_memory = entry_.hasStructRetAttr();
        if (entry_.arg_size() != 3u + (by_memory ? 1 : 0))
            throw Refusal{"a constructor of a policy with unknown arguments"};
        instrument_constructors();
        auto build = new_wrapper({});
        auto const size = llvm::cast<llvm::ConstantInt>(record.getOperand(1))->getZExtValue();
        auto* const object = memory(build, llvm::ArrayType::get(llvm::Type::getInt8Ty(context()), size),
                                    marker::undefined, marker::object);
        auto const count = parameters_of(*record.getOperand(4));
        auto* const values =
            memory(build, llvm::ArrayType::get(number, std::max<std::uint64_t>(count, 1)), marker::unknown, "values");
        std::vector<llvm::Value*> arguments;
        if (by_memory)
            arguments.push_back(memory(build, entry_.getParamStructRetType(0), marker::undefined, "result"));
        arguments.insert(arguments.end(), {object, values, build.getInt64(count)});
        build.CreateCall(&entry_, arguments);
        build.CreateRetVoid();
    }

    std::uint64_t parameters_of(llvm::Constant& description)
    {
        auto* const global = llvm::dyn_cast<llvm::GlobalVariable>(description.stripPointerCasts());
        if (global == nullptr || !global->hasInitializer())
            throw Refusal{"a policy's description that is not constant"};
        auto* const span = global->getInitializer()->getAggregateElement(2u);
        auto* const count =
            span == nullptr ? nullptr : llvm::dyn_cast_or_null<llvm::ConstantInt>(span->getAggregateElement(1u));
        if (span == nullptr || (count == nullptr && !span->isNullValue()))
            throw Refusal{"a policy's description of an unknown form"};
        return count == nullptr ? 0 : count->getZExtValue();
    }

    /// What a policy's constructor leaves behind has to satisfy its invariant.
    void instrument_constructors()
    {
        std::vector<llvm::CallInst*> calls;
        for (auto& instruction : llvm::instructions(entry_))
        {
            if (auto* const call = llvm::dyn_cast<llvm::CallInst>(&instruction);
                call != nullptr && call->getCalledFunction() != nullptr)
                calls.push_back(call);
        }
        for (auto* const call : calls)
        {
            auto* const invariant = invariant_of(module_, call->getCalledFunction()->getName());
            if (invariant == nullptr || !is_constructor(*call->getCalledFunction(), *invariant))
                continue;
            result_.invariant = readable(invariant->getName().str());
            llvm::IRBuilder<> build(call->getNextNode());
            build.SetCurrentDebugLocation(call->getDebugLoc());
            call_marker(build, marker::prove, build.CreateCall(invariant, {call->getArgOperand(0)}));
        }
    }

    /// A call of a function with a contract of its own sees nothing but that.
    void take_by_contract(llvm::CallBase& call)
    {
        auto* const callee = call.getCalledFunction();
        if (callee == nullptr || callee == &entry_ || callee->isIntrinsic())
            return;
        auto const [at, is_new] = by_contract_.try_emplace(callee, nullptr);
        if (is_new)
        {
            if (auto* const contract = own_contract(module_, *callee))
                at->second = &instead_of_call(module_, *contract);
        }
        if (at->second != nullptr)
            call.setCalledFunction(at->second);
    }

    void inline_all()
    {
        for (unsigned calls = 0;; ++calls)
        {
            llvm::CallBase* next = nullptr;
            for (auto& instruction : llvm::instructions(*wrapper_))
            {
                auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
                if (call != nullptr)
                    take_by_contract(*call);
                if (call != nullptr && call->getCalledFunction() != nullptr &&
                    !call->getCalledFunction()->isDeclaration())
                {
                    next = call;
                    break;
                }
            }
            if (next == nullptr)
                return;
            if (calls == most_calls)
                throw Refusal{"an entry of more than 4000 calls"};
            auto const name = readable(next->getCalledFunction()->getName().str());
            llvm::InlineFunctionInfo info;
            auto const done = llvm::InlineFunction(*next, info);
            if (!done.isSuccess())
                throw Refusal{"a call of " + name + " that cannot be inlined: " + done.getFailureReason(), next};
        }
    }

    /// A variable begins with bits of which nothing may be used, whatever sroa makes of it.
    void mark_undefined()
    {
        std::vector<llvm::AllocaInst*> places;
        std::vector<llvm::IntrinsicInst*> begins;
        for (auto& instruction : llvm::instructions(*wrapper_))
        {
            if (auto* const place = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
                places.push_back(place);
            else if (auto* const call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
                     call != nullptr && call->getIntrinsicID() == llvm::Intrinsic::lifetime_start)
                begins.push_back(call);
        }
        for (auto* const place : places)
        {
            if (place->isArrayAllocation() || !place->isStaticAlloca())
                throw Refusal{"a local of variable size", place};
            llvm::IRBuilder<> build(place->getNextNode());
            build.SetCurrentDebugLocation({});
            fill(build, place, marker::undefined);
        }
        for (auto* const begin : begins)
        {
            auto* const place = llvm::dyn_cast<llvm::AllocaInst>(begin->getArgOperand(1)->stripPointerCasts());
            if (place == nullptr)
                throw Refusal{"the lifetime of a part of a local", begin};
            llvm::IRBuilder<> build(begin->getNextNode());
            fill(build, place, marker::undefined);
        }
    }

    /// A loop is cut behind the last marker that stands in it.
    void split_at_markers()
    {
        std::vector<llvm::CallBase*> markers;
        for (auto& instruction : llvm::instructions(*wrapper_))
        {
            if (auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
                call != nullptr && marker::is_of_loop(*call))
                markers.push_back(call);
        }
        for (auto* const call : markers)
            llvm::SplitBlock(call->getParent(), call->getNextNode());
    }

    void normalise()
    {
        llvm::LoopAnalysisManager loops;
        llvm::FunctionAnalysisManager functions;
        llvm::CGSCCAnalysisManager components;
        llvm::ModuleAnalysisManager modules;
        llvm::PassBuilder builder;
        builder.registerModuleAnalyses(modules);
        builder.registerCGSCCAnalyses(components);
        builder.registerFunctionAnalyses(functions);
        builder.registerLoopAnalyses(loops);
        builder.crossRegisterProxies(loops, functions, components, modules);
        llvm::FunctionPassManager passes;
        // A comparison with null keeps a local in memory; without it more locals become values, and so on.
        do
        {
            llvm::FunctionPassManager again;
            again.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
            again.run(*wrapper_, functions);
        } while (fold_comparisons_with_null());
        passes.addPass(llvm::LoopSimplifyPass());
        passes.addPass(llvm::LCSSAPass());
        passes.run(*wrapper_, functions);
    }

    /// A local is somewhere.
    bool fold_comparisons_with_null()
    {
        std::vector<llvm::ICmpInst*> known;
        for (auto& instruction : llvm::instructions(*wrapper_))
        {
            auto* const test = llvm::dyn_cast<llvm::ICmpInst>(&instruction);
            if (test != nullptr && test->isEquality() && llvm::isa<llvm::ConstantPointerNull>(test->getOperand(1)) &&
                llvm::isa<llvm::AllocaInst>(test->getOperand(0)->stripInBoundsConstantOffsets()))
                known.push_back(test);
        }
        for (auto* const test : known)
        {
            test->replaceAllUsesWith(
                llvm::ConstantInt::getBool(context(), test->getPredicate() == llvm::CmpInst::ICMP_NE));
            test->eraseFromParent();
        }
        return !known.empty();
    }

    llvm::Module& module_;
    llvm::Function& entry_;
    llvm::Function* wrapper_ = nullptr;
    std::map<llvm::Function*, llvm::Function*> by_contract_{}; ///< none: it is inlined
    Prepared result_{};
};

} // namespace

Prepared prepare(llvm::Module& module, const std::string& entry)
{
    auto* const function = module.getFunction(entry);
    if (function == nullptr || function->isDeclaration())
        throw Refusal{"there is no function " + readable(entry)};
    if (function->isVarArg())
        throw Refusal{"a variadic function"};
    return Preparation(module, *function).run();
}

} // namespace ovm::compiler::verifier
