#include "entries.hpp"

#include <set>
#include <string_view>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

#include "contracts.hpp"
#include "markers.hpp"
#include "preparation.hpp"

namespace ovm::compiler::verifier
{

namespace
{

void functions_in(llvm::Constant* constant, std::set<llvm::Constant*>& seen, std::vector<std::string>& names)
{
    if (!seen.insert(constant).second)
        return;
    if (auto* const function = llvm::dyn_cast<llvm::Function>(constant))
    {
        if (!function->isDeclaration())
            names.push_back(function->getName().str());
        return;
    }
    for (auto& operand : constant->operands())
    {
        if (auto* const inner = llvm::dyn_cast<llvm::Constant>(&operand))
            functions_in(inner, seen, names);
    }
}

std::string string_of(llvm::Value* value)
{
    auto* const global = llvm::dyn_cast<llvm::GlobalVariable>(value->stripPointerCasts());
    auto* const data = global != nullptr && global->hasInitializer()
                           ? llvm::dyn_cast<llvm::ConstantDataSequential>(global->getInitializer())
                           : nullptr;
    return data != nullptr && data->isCString() ? data->getAsCString().str() : std::string();
}

} // namespace

/// `2Ex` of `_ZN2Ex5admitE...`: the class of a member function that has an invariant.
llvm::Function* invariant_of(llvm::Module& module, llvm::StringRef member)
{
    llvm::Function* best = nullptr;
    for (auto& function : module)
    {
        auto name = function.getName();
        if (function.isDeclaration() || !name.consume_front("_ZNK") ||
            !name.consume_back(marker::class_invariant_suffix))
            continue;
        auto rest = member;
        if (!rest.consume_front("_ZNK"))
            rest.consume_front("_ZN");
        if (rest.starts_with(name) && (best == nullptr || function.getName().size() > best->getName().size()))
            best = &function;
    }
    return best;
}

/// Static functions are of a class, too.
bool has_object(const llvm::Function& function)
{
    auto const* const program = function.getSubprogram();
    auto const* const type = program == nullptr ? nullptr : program->getType();
    if (type == nullptr || type->getTypeArray().size() < 2)
        return program == nullptr;
    auto const* const first = type->getTypeArray()[1];
    return first != nullptr && first->isObjectPointer();
}

bool is_virtual(const llvm::Function& function)
{
    auto const* const program = function.getSubprogram();
    auto const* const declaration = program == nullptr ? nullptr : program->getDeclaration();
    return declaration != nullptr && declaration->getVirtuality() != 0;
}

bool is_constructor(llvm::Function& function, const llvm::Function& invariant)
{
    auto of_class =
        invariant.getName().drop_front(4).drop_back(std::string_view(marker::class_invariant_suffix).size());
    auto name = function.getName();
    return name.consume_front("_ZN") && name.consume_front(of_class) &&
           (name.starts_with("C1E") || name.starts_with("C2E"));
}

/// The entry of Provided that names it, if it is one that makes a policy.
llvm::ConstantStruct* provided_by(llvm::Module& module, llvm::Function& entry)
{
    for (auto& global : module.globals())
    {
        auto* const type = llvm::dyn_cast<llvm::StructType>(global.getValueType());
        if (type == nullptr || !type->hasName() || !type->getName().starts_with("struct.ovm::object::Provided") ||
            !global.hasInitializer())
            continue;
        auto* const record = llvm::dyn_cast<llvm::ConstantStruct>(global.getInitializer());
        if (record != nullptr && record->getOperand(5)->stripPointerCasts() == &entry)
            return record;
    }
    return nullptr;
}

/// Parameters are stored where the debugger finds them.
const llvm::DIType* declared_type(llvm::Argument& argument)
{
    for (auto* const user : argument.users())
    {
        auto* const store = llvm::dyn_cast<llvm::StoreInst>(user);
        if (store == nullptr || store->getValueOperand() != &argument)
            continue;
        // A structure of two members comes as both: the first stands for it.
        auto* place = store->getPointerOperand();
        if (auto* const gep = llvm::dyn_cast<llvm::GetElementPtrInst>(place);
            gep != nullptr && gep->hasAllZeroIndices())
            place = gep->getPointerOperand();
        for (auto* const record : llvm::findDVRDeclares(place))
            return record->getVariable()->getType();
        for (auto* const call : llvm::findDbgDeclares(place))
            return call->getVariable()->getType();
    }
    return nullptr;
}

std::vector<std::string> find_entries(llvm::Module& module, bool annotated_only)
{
    std::vector<std::string> names;
    std::set<llvm::Constant*> seen;
    for (auto& global : module.globals())
    {
        if (annotated_only || !global.hasInitializer() || global.getSection() == "llvm.metadata")
            continue;
        functions_in(global.getInitializer(), seen, names);
    }
    if (auto* const annotations = module.getNamedGlobal("llvm.global.annotations"))
    {
        for (auto& operand : annotations->getInitializer()->operands())
        {
            auto* const record = llvm::cast<llvm::Constant>(&operand);
            auto* const function = llvm::dyn_cast<llvm::Function>(record->getAggregateElement(0u)->stripPointerCasts());
            // One that is only declared here is proved with the source that defines it.
            if (function != nullptr && !function->isDeclaration() &&
                string_of(record->getAggregateElement(1u)) == marker::entry_annotation && seen.insert(function).second)
                names.push_back(function->getName().str());
        }
    }
    // What others rely on by its contract.
    for (auto& function : module)
    {
        auto* const subject = is_contract(function) ? module.getFunction(subject_name(function)) : nullptr;
        if (subject != nullptr && !subject->isDeclaration() && seen.insert(subject).second)
            names.push_back(subject->getName().str());
    }
    return names;
}

} // namespace ovm::compiler::verifier
