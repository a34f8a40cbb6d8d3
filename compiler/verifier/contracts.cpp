#include "contracts.hpp"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>

#include "markers.hpp"
#include "preparation.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

constexpr llvm::StringRef prefix = "contract_of_";
constexpr const char* granted = "ovm.granted";

/// Where `<length>contract_of_NAME` begins and ends in a contract's mangled name, and NAME.
struct Part
{
    std::size_t begin = 0;
    std::size_t end = 0;
    llvm::StringRef name{};
};

Part part_of(const llvm::Function& function)
{
    auto const* const program = function.getSubprogram();
    auto const name = program == nullptr ? llvm::StringRef() : program->getName();
    if (!name.starts_with(prefix))
        return {};
    auto const whole = std::to_string(name.size()) + name.str();
    auto const at = function.getName().find(whole);
    if (at == llvm::StringRef::npos)
        return {};
    return {at, at + whole.size(), name.drop_front(prefix.size())};
}

const llvm::DICompositeType* class_of(const llvm::Function& function)
{
    auto const* const program = function.getSubprogram();
    return program == nullptr ? nullptr : llvm::dyn_cast_or_null<llvm::DICompositeType>(program->getScope());
}

bool is_same(const llvm::DICompositeType& a, const llvm::DICompositeType& b)
{
    return &a == &b || (!a.getIdentifier().empty() && a.getIdentifier() == b.getIdentifier());
}

bool derives(const llvm::DICompositeType& of, const llvm::DICompositeType& base)
{
    if (is_same(of, base))
        return true;
    for (auto const* const element : of.getElements())
    {
        auto const* const inherited = llvm::dyn_cast<llvm::DIDerivedType>(element);
        if (inherited == nullptr || inherited->getTag() != llvm::dwarf::DW_TAG_inheritance)
            continue;
        auto const* const parent = llvm::dyn_cast_or_null<llvm::DICompositeType>(inherited->getBaseType());
        if (parent != nullptr && derives(*parent, base))
            return true;
    }
    return false;
}

llvm::Function& copy_of(llvm::Function& contract, const char* trusted_kind)
{
    llvm::ValueToValueMapTy values;
    auto* const copy = llvm::CloneFunction(&contract, values);
    copy->setLinkage(llvm::GlobalValue::InternalLinkage);
    copy->setComdat(nullptr);
    copy->setName("ovm.contract");
    for (auto& instruction : llvm::instructions(*copy))
    {
        auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
        if (call != nullptr && is_trap(*call) && trap_kind(*call) == trusted_kind)
            call->setMetadata(granted, llvm::MDNode::get(contract.getContext(), {}));
    }
    return *copy;
}

/// OVM_MODIFIES and OVM_MODIFIES_EVERY are templates over the markers.
void inline_bounds(llvm::Function& copy)
{
    std::vector<llvm::CallBase*> calls;
    for (auto& instruction : llvm::instructions(copy))
    {
        auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
        if (call != nullptr && call->getCalledFunction() != nullptr &&
            (call->getCalledFunction()->getName().starts_with(marker::modifies_only_prefix) ||
             call->getCalledFunction()->getName().starts_with(marker::modifies_part_prefix)))
            calls.push_back(call);
    }
    for (auto* const call : calls)
    {
        llvm::InlineFunctionInfo info;
        if (!llvm::InlineFunction(*call, info).isSuccess())
            throw Refusal{"OVM_MODIFIES of an unknown form", call};
    }
}

llvm::CallBase* find_subject(llvm::Function& contract, const std::string& name)
{
    llvm::CallBase* found = nullptr;
    for (auto& instruction : llvm::instructions(contract))
    {
        auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
        if (call == nullptr || call->isInlineAsm() ||
            (call->getCalledFunction() != nullptr && call->getCalledFunction()->getName() != name))
            continue;
        if (found != nullptr)
            throw Refusal{"a contract that calls its function twice", call};
        found = call;
    }
    if (found == nullptr)
        throw Refusal{"a contract that does not call its function: " + readable(contract.getName().str())};
    return found;
}

bool has_pointer(const llvm::Type& type)
{
    return type.isPointerTy() ||
           std::ranges::any_of(type.subtypes(), [](const llvm::Type* part) { return has_pointer(*part); });
}

} // namespace

bool is_contract(const llvm::Function& function)
{
    return !function.isDeclaration() && part_of(function).end != 0;
}

std::string subject_name(const llvm::Function& contract)
{
    auto const whole = contract.getName();
    auto const part = part_of(contract);
    return (whole.take_front(part.begin) + llvm::Twine(part.name.size()) + part.name + whole.drop_front(part.end))
        .str();
}

llvm::CallBase& subject_of(llvm::Function& contract)
{
    return *find_subject(contract, subject_name(contract));
}

llvm::Function* own_contract(llvm::Module& module, const llvm::Function& function)
{
    for (auto& contract : module)
    {
        if (is_contract(contract) && subject_name(contract) == function.getName())
            return &contract;
    }
    return nullptr;
}

llvm::Function* contract_for(llvm::Module& module, const llvm::Function& entry)
{
    if (auto* const own = own_contract(module, entry))
        return own;
    auto const* const of = class_of(entry);
    if (of == nullptr)
        return nullptr;
    for (auto& contract : module)
    {
        auto const* const interface = is_contract(contract) ? class_of(contract) : nullptr;
        if (interface != nullptr && part_of(contract).name == entry.getSubprogram()->getName() &&
            derives(*of, *interface))
            return &contract;
    }
    return nullptr;
}

std::uint64_t object_size(const llvm::Function& member)
{
    auto const* const of = class_of(member);
    return of == nullptr ? 0 : of->getSizeInBits() / 8;
}

llvm::Function& around(llvm::Module&, llvm::Function& contract, llvm::Function& entry)
{
    if (contract.getFunctionType() != entry.getFunctionType())
        throw Refusal{"a contract with other parameters than " + readable(entry.getName().str())};
    auto const name = subject_name(contract);
    auto& copy = copy_of(contract, "precondition");
    auto* const subject = find_subject(copy, name);
    auto* const table = subject->getCalledOperand();
    subject->setCalledOperand(&entry);
    llvm::RecursivelyDeleteTriviallyDeadInstructions(table);
    return copy;
}

llvm::Function& instead_of_call(llvm::Module& module, llvm::Function& contract)
{
    auto const name = subject_name(contract);
    auto& copy = copy_of(contract, "postcondition");
    inline_bounds(copy);
    auto* const subject = find_subject(copy, name);
    llvm::IRBuilder<> build(subject);
    auto* const nothing = build.getVoidTy();
    auto* const pointer = build.getPtrTy();
    // What may change does so where the subject would be called.
    std::vector<llvm::CallBase*> bounds;
    bool every = false;
    for (auto& instruction : llvm::instructions(copy))
    {
        auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
        if (call == nullptr)
            continue;
        bool const of_every = marker::is_named(*call, marker::modifies_every);
        if (of_every || marker::is_named(*call, marker::modifies))
            bounds.push_back(call);
        every |= of_every;
    }
    auto const forget = module.getOrInsertFunction(marker::forget_range, nothing, pointer, build.getInt64Ty());
    auto const forget_every = module.getOrInsertFunction(marker::forget_every, nothing, pointer, build.getInt64Ty());
    std::vector<llvm::Value*> pointers;
    std::ranges::copy_if(subject->args(), std::back_inserter(pointers),
                         [](const llvm::Value* argument) { return argument->getType()->isPointerTy(); });
    if (bounds.empty())
        build.CreateCall(forget, {llvm::ConstantPointerNull::get(pointer), build.getInt64(~std::uint64_t{0})});
    // A local that is given may be one of every, too.
    if (bounds.empty() || every)
    {
        for (auto* const argument : pointers)
            build.CreateCall(module.getOrInsertFunction(marker::forget_given, nothing, pointer), {argument});
    }
    for (auto* const bound : bounds)
    {
        build.CreateCall(marker::is_named(*bound, marker::modifies_every) ? forget_every : forget,
                         {bound->getArgOperand(0), bound->getArgOperand(1)});
        bound->eraseFromParent();
    }
    if (subject->hasStructRetAttr())
    {
        auto const into = module.getOrInsertFunction(marker::result_into, nothing, pointer);
        build.CreateCall(into, {subject->getArgOperand(0)});
    }
    else if (!subject->getType()->isVoidTy())
    {
        auto const unique = marker::result + std::string(".") + copy.getName().str();
        // A pointer may be one that was given.
        if (!has_pointer(*subject->getType()))
            pointers.clear();
        std::vector<llvm::Type*> const types(pointers.size(), pointer);
        auto const result =
            module.getOrInsertFunction(unique, llvm::FunctionType::get(subject->getType(), types, false));
        subject->replaceAllUsesWith(build.CreateCall(result, pointers));
    }
    subject->eraseFromParent();
    return copy;
}

bool is_taken_for_granted(const llvm::CallBase& trap)
{
    return trap.hasMetadata(granted);
}

} // namespace ovm::compiler::verifier
