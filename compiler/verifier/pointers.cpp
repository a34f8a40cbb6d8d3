#include <algorithm>

#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/Demangle/Demangle.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/GetElementPtrTypeIterator.h>
#include <llvm/IR/Module.h>

#include "execution.hpp"

namespace ovm::compiler::verifier
{

Region& Execution::region_of(const llvm::Value& place, const std::string& name, std::uint64_t size)
{
    auto& region = regions_[&place];
    if (!region)
    {
        region = std::make_unique<Region>();
        region->number = static_cast<unsigned>(regions_.size());
        region->name = name;
        region->size = size;
        region->address = first_own_address + (std::uint64_t{region->number} << 32);
    }
    return *region;
}

/// All offsets into it are constants.
bool Execution::is_never_indexed(const llvm::Value& place)
{
    std::vector<const llvm::Value*> left{&place};
    std::set<const llvm::Value*> seen{&place};
    while (!left.empty())
    {
        auto const* const at = left.back();
        left.pop_back();
        for (auto const* const user : at->users())
        {
            auto const* const gep = llvm::dyn_cast<llvm::GEPOperator>(user);
            if (gep != nullptr && !gep->hasAllConstantIndices())
                return false;
            bool const leads_on = gep != nullptr || llvm::isa<llvm::PHINode>(user) || llvm::isa<llvm::SelectInst>(user);
            if (leads_on && seen.insert(user).second)
                left.push_back(user);
        }
    }
    return true;
}

/// What other accesses through the same pointer say of where it leads: the largest structure, if they agree.
Spot Execution::hint(llvm::Value* pointer) const
{
    llvm::StructType* best = nullptr;
    for (auto* const user : pointer->users())
    {
        auto* const gep = llvm::dyn_cast<llvm::GEPOperator>(user);
        if (gep == nullptr || gep->getPointerOperand() != pointer || gep->getNumIndices() < 2)
            continue;
        auto* const first = llvm::dyn_cast<llvm::ConstantInt>(gep->idx_begin()->get());
        auto* const type = llvm::dyn_cast<llvm::StructType>(gep->getSourceElementType());
        if (first == nullptr || !first->isZero() || type == nullptr)
            continue;
        if (best == nullptr || layout_.descend({type, ""}, best, nullptr).type != nullptr)
            best = type;
        else if (layout_.descend({best, ""}, type, nullptr).type == nullptr)
            return {};
    }
    return {best, ""};
}

/// As people call it; nothing for templates, which have one name for all.
std::string Execution::class_name(llvm::StringRef mangled)
{
    auto const text = llvm::demangle(mangled);
    constexpr std::string_view prefix = "typeinfo name for ";
    return text.starts_with(prefix) && text.find('<') == std::string::npos ? text.substr(prefix.size()) : std::string();
}

llvm::StructType* Execution::structure_of(const std::string& mangled) const
{
    auto const name = class_name(mangled);
    if (name.empty())
        return nullptr;
    for (auto const* const kind : {"class.", "struct."})
    {
        auto* const type = llvm::StructType::getTypeByName(function_.getContext(), kind + name);
        if (type != nullptr && !type->isOpaque())
            return type;
    }
    return nullptr;
}

/// What a pointer or reference of that type leads to.
Spot Execution::declared(const llvm::DIType* pointer) const
{
    auto const* at = pointer;
    unsigned levels = 0;
    while (auto const* const derived = llvm::dyn_cast_or_null<llvm::DIDerivedType>(at))
    {
        levels += derived->getTag() == llvm::dwarf::DW_TAG_pointer_type ||
                          derived->getTag() == llvm::dwarf::DW_TAG_reference_type
                      ? 1
                      : 0;
        at = derived->getBaseType();
    }
    auto const* const composite = llvm::dyn_cast_or_null<llvm::DICompositeType>(at);
    if (composite == nullptr || levels != 1 || composite->getIdentifier().empty())
        return {};
    return {structure_of(composite->getIdentifier().str()), ""};
}

/// What the access itself says: the compiler notes the member that it accesses.
Spot Execution::tagged(const llvm::Instruction& access) const
{
    auto const* const tag = access.getMetadata(llvm::LLVMContext::MD_tbaa);
    if (tag == nullptr || tag->getNumOperands() < 3)
        return {};
    auto const* const base = llvm::dyn_cast<llvm::MDNode>(tag->getOperand(0));
    auto const* const name =
        base == nullptr || base->getNumOperands() == 0 ? nullptr : llvm::dyn_cast<llvm::MDString>(base->getOperand(0));
    auto const* const offset = llvm::mdconst::dyn_extract<llvm::ConstantInt>(tag->getOperand(2));
    auto* const type = name == nullptr ? nullptr : structure_of(name->getString().str());
    return type == nullptr || offset == nullptr ? Spot{} : layout_.inside({type, ""}, offset->getZExtValue());
}

namespace
{

const llvm::DIDerivedType* member_at(const llvm::DICompositeType& of, std::uint64_t offset)
{
    for (auto const* const element : of.getElements())
    {
        auto const* const member = llvm::dyn_cast<llvm::DIDerivedType>(element);
        if (member != nullptr && member->getTag() == llvm::dwarf::DW_TAG_member && !member->isStaticMember() &&
            member->getOffsetInBits() == offset * 8)
            return member;
    }
    return nullptr;
}

} // namespace

/// The member that an access is of, as the source declares it.
const llvm::DIDerivedType* Execution::member_of(const llvm::Instruction& access, const Targets& targets) const
{
    auto const* const tag = access.getMetadata(llvm::LLVMContext::MD_tbaa);
    auto const* const base =
        tag == nullptr || tag->getNumOperands() < 3 ? nullptr : llvm::dyn_cast<llvm::MDNode>(tag->getOperand(0));
    auto const* const name =
        base == nullptr || base->getNumOperands() == 0 ? nullptr : llvm::dyn_cast<llvm::MDString>(base->getOperand(0));
    auto const* const offset =
        name == nullptr ? nullptr : llvm::mdconst::dyn_extract<llvm::ConstantInt>(tag->getOperand(2));
    auto const found = offset == nullptr ? classes_.end() : classes_.find(name->getString().str());
    if (found != classes_.end())
        return member_at(*found->second, offset->getZExtValue());
    // Through a reference to the member: where that leads tells.
    auto const leaf_of = [&](const Target& target) { return layout_.scalar_at(target.spot, 0).leaf; };
    auto const leaf = targets.empty() ? std::string() : leaf_of(targets.front());
    if (std::any_of(targets.begin(), targets.end(), [&](const Target& target) { return leaf_of(target) != leaf; }))
        return nullptr;
    auto const [class_part, offset_part] = llvm::StringRef(leaf).rsplit('+');
    auto const named = named_classes_.find(class_part.str());
    std::uint64_t bytes = 0;
    return named == named_classes_.end() || offset_part.getAsInteger(10, bytes) ? nullptr
                                                                                : member_at(*named->second, bytes);
}

// ---- from a pointer to a part -------------------------------------------------------------------------------------

/// Steps in the array that the pointer points into.
void Execution::step_index(Target& target, const z3::expr& index, State* state, const llvm::Instruction* at)
{
    if (!target.row)
        refuse("pointer arithmetic outside of an array", at);
    auto& row = *target.row;
    row.index = logic_.add(row.index, index);
    if (state != nullptr && at != nullptr)
        ask("pointer leaves its array", *at,
            logic_.either(logic_.negation(target.guard), logic_.folded(z3::ule(row.index, row.count))), *state);
}

/// How far in, if the object is looked at as the registers that it came in or is returned in: a structure without a
/// name.
std::optional<std::uint64_t> Execution::coerced_offset(const llvm::GEPOperator& gep) const
{
    auto* const registers = llvm::dyn_cast<llvm::StructType>(gep.getSourceElementType());
    auto const& data_layout = function_.getParent()->getDataLayout();
    llvm::APInt offset(data_layout.getIndexTypeSizeInBits(gep.getType()), 0);
    if (registers == nullptr || !registers->isLiteral() || !gep.accumulateConstantOffset(data_layout, offset))
        return {};
    return offset.getZExtValue();
}

Scalar Execution::step(llvm::GEPOperator& gep, State* state)
{
    auto* const at = llvm::dyn_cast<llvm::Instruction>(&gep);
    auto const base = scalar(gep.getPointerOperand());
    if (!base.targets)
        refuse("pointer arithmetic on a number", at);
    Scalar result = plain(base.bits);
    result.undefined = base.undefined;
    Targets targets = *base.targets;
    auto const whole = coerced_offset(gep);
    bool const bytes = whole || (gep.getSourceElementType()->isIntegerTy(8) && gep.getNumIndices() == 1);
    std::vector<z3::expr> indices;
    for (auto& index : gep.indices())
    {
        auto const it = scalar(index.get());
        if (it.undefined && state != nullptr)
            defined(index.get(), *state, "an index");
        auto const width = it.bits.get_sort().bv_size();
        indices.push_back(width == 64  ? it.bits
                          : width < 64 ? logic_.folded(z3::sext(it.bits, 64 - width))
                                       : logic_.folded(it.bits.extract(63, 0)));
    }
    if (whole)
        indices = {logic_.number(*whole, 64)};
    std::uint64_t constant_offset = 0;
    bool const is_constant = indices.size() == 1 && indices.front().is_numeral_u64(constant_offset);
    if (bytes && is_constant)
    {
        // What a pass has made of a copy: so many bytes further in the same object.
        for (auto& target : targets)
        {
            if (constant_offset == 0)
                continue;
            auto const begin = target.address;
            target.address = logic_.add(target.address, indices.front());
            if (target.row && target.row->stride == 1)
                step_index(target, indices.front(), state, at);
            else
            {
                auto const around = layout_.bytes_around(target.spot, constant_offset);
                target.spot = layout_.inside(target.spot, constant_offset);
                if (target.spot.type == nullptr && target.region == nullptr)
                    refuse("a step in an object of unknown type", at);
                if (target.row)
                    target.inside =
                        logic_.both(target.inside, logic_.folded(z3::ult(target.row->index, target.row->count)));
                target.row = std::nullopt;
                if (around)
                    target.row = Row{.element = target.spot,
                                     .base = logic_.add(begin, logic_.number(around->first, 64)),
                                     .count = logic_.number(around->second, 64),
                                     .index = logic_.number(constant_offset - around->first, 64),
                                     .stride = 1};
            }
        }
        result.bits = logic_.add(base.bits, indices.front());
        result.targets = std::make_shared<Targets>(std::move(targets));
        return result;
    }
    auto offset = logic_.number(0, 64);
    std::size_t number = 0;
    auto* const source = gep.getSourceElementType();
    for (auto& target : targets)
    {
        if (target.span && target.spot.type == nullptr)
        {
            target.spot = {source,
                           "span of " + (source->isStructTy() ? std::string() : std::to_string(layout_.size(source)))};
            target.row->element = target.spot;
            target.row->stride = layout_.size(source);
        }
        if (target.spot.type == nullptr && target.region == nullptr)
            target.spot = {source, ""};
        llvm::ArrayType* array = nullptr;
        auto const inner = layout_.descend(target.spot, source, &array);
        if (inner.type == nullptr)
        {
            if (target.region == nullptr || layout_.size(source) > target.region->size)
                refuse("an object used as one of another type", at);
            target.spot = {source, "local as " + std::to_string(layout_.size(source))};
            target.row = std::nullopt;
        }
        else
        {
            target.spot = {source, inner.leaf};
            if (array != nullptr)
            {
                if (target.row)
                    target.inside =
                        logic_.both(target.inside, logic_.folded(z3::ult(target.row->index, target.row->count)));
                target.row = Row{.element = target.spot,
                                 .base = target.address,
                                 .count = logic_.number(array->getNumElements(), 64),
                                 .index = logic_.number(0, 64),
                                 .stride = layout_.size(array->getElementType())};
            }
        }
    }
    for (auto part = llvm::gep_type_begin(gep); part != llvm::gep_type_end(gep); ++part, ++number)
    {
        auto const& index = indices[number];
        if (auto* const structure = part.getStructTypeOrNull())
        {
            auto const field = static_cast<unsigned>(index.get_numeral_uint64());
            auto const* const fields = function_.getParent()->getDataLayout().getStructLayout(structure);
            offset = logic_.add(offset, logic_.number(fields->getElementOffset(field).getFixedValue(), 64));
            for (auto& target : targets)
            {
                target.spot = layout_.member(structure, field);
                if (target.row)
                    target.inside =
                        logic_.both(target.inside, logic_.folded(z3::ult(target.row->index, target.row->count)));
                target.row = std::nullopt;
            }
            continue;
        }
        auto const stride = layout_.size(part.getIndexedType());
        auto const before = offset;
        offset = logic_.add(offset, logic_.folded(index * logic_.number(stride, 64)));
        std::uint64_t constant = 1;
        bool const zero = index.is_numeral_u64(constant) && constant == 0;
        if (number == 0)
        {
            if (!zero)
            {
                for (auto& target : targets)
                    step_index(target, index, state, at);
                if (!index.is_numeral())
                    terms_.push_back(targets.empty() || !targets.front().row ? index : targets.front().row->index);
            }
            continue;
        }
        auto* const array = llvm::dyn_cast<llvm::ArrayType>(targets.empty() ? nullptr : targets.front().spot.type);
        for (auto& target : targets)
        {
            auto* const its_array = llvm::dyn_cast_or_null<llvm::ArrayType>(target.spot.type);
            if (its_array == nullptr || its_array != array)
                refuse("an index into no array", at);
            if (target.row)
                target.inside =
                    logic_.both(target.inside, logic_.folded(z3::ult(target.row->index, target.row->count)));
            target.spot = layout_.element(target.spot);
            target.row = Row{.element = target.spot,
                             .base = logic_.add(target.address, before),
                             .count = logic_.number(its_array->getNumElements(), 64),
                             .index = logic_.number(0, 64),
                             .stride = stride};
            step_index(target, index, state, at);
        }
        if (!index.is_numeral())
            terms_.push_back(index);
    }
    result.bits = logic_.add(base.bits, offset);
    for (auto& target : targets)
        target.address = logic_.add(target.address, offset);
    result.targets = std::make_shared<Targets>(std::move(targets));
    return result;
}

} // namespace ovm::compiler::verifier
