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

/// The structure of a class; none for templates, which have one name for all.
llvm::StructType* Execution::structure_of(const std::string& mangled) const
{
    auto const text = llvm::demangle(mangled);
    constexpr std::string_view prefix = "typeinfo name for ";
    if (!text.starts_with(prefix) || text.find('<') != std::string::npos)
        return nullptr;
    for (auto const* const kind : {"class.", "struct."})
    {
        auto* const type = llvm::StructType::getTypeByName(function_.getContext(), kind + text.substr(prefix.size()));
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

/// The member that an access is of, as the source declares it.
const llvm::DIDerivedType* Execution::member_of(const llvm::Instruction& access) const
{
    auto const* const tag = access.getMetadata(llvm::LLVMContext::MD_tbaa);
    if (tag == nullptr || tag->getNumOperands() < 3)
        return nullptr;
    auto const* const base = llvm::dyn_cast<llvm::MDNode>(tag->getOperand(0));
    auto const* const name =
        base == nullptr || base->getNumOperands() == 0 ? nullptr : llvm::dyn_cast<llvm::MDString>(base->getOperand(0));
    auto const* const offset = llvm::mdconst::dyn_extract<llvm::ConstantInt>(tag->getOperand(2));
    auto const found = name == nullptr ? classes_.end() : classes_.find(name->getString().str());
    if (found == classes_.end() || offset == nullptr)
        return nullptr;
    for (auto const* const element : found->second->getElements())
    {
        auto const* const member = llvm::dyn_cast<llvm::DIDerivedType>(element);
        if (member != nullptr && member->getTag() == llvm::dwarf::DW_TAG_member && !member->isStaticMember() &&
            member->getOffsetInBits() == offset->getZExtValue() * 8)
            return member;
    }
    return nullptr;
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

Scalar Execution::step(llvm::GEPOperator& gep, State* state)
{
    auto* const at = llvm::dyn_cast<llvm::Instruction>(&gep);
    auto const base = scalar(gep.getPointerOperand());
    if (!base.targets)
        refuse("pointer arithmetic on a number", at);
    Scalar result = plain(base.bits);
    result.undefined = base.undefined;
    Targets targets = *base.targets;
    bool const bytes = gep.getSourceElementType()->isIntegerTy(8) && gep.getNumIndices() == 1;
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
    std::uint64_t constant_offset = 0;
    bool const is_constant = indices.size() == 1 && indices.front().is_numeral_u64(constant_offset);
    if (bytes && is_constant)
    {
        // What a pass has made of a copy: so many bytes further in the same object.
        for (auto& target : targets)
        {
            if (constant_offset == 0)
                continue;
            if (target.row && target.row->stride == 1)
                step_index(target, indices.front(), state, at);
            else
            {
                target.spot = layout_.inside(target.spot, constant_offset);
                if (target.spot.type == nullptr && target.region == nullptr)
                    refuse("a step in an object of unknown type", at);
                if (target.row)
                    target.inside =
                        logic_.both(target.inside, logic_.folded(z3::ult(target.row->index, target.row->count)));
                target.row = std::nullopt;
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
                                 .base = base.bits,
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
        auto const begin = logic_.add(base.bits, offset);
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
                             .base = begin,
                             .count = logic_.number(its_array->getNumElements(), 64),
                             .index = logic_.number(0, 64),
                             .stride = stride};
            step_index(target, index, state, at);
        }
        if (!index.is_numeral())
            terms_.push_back(index);
    }
    result.bits = logic_.add(base.bits, offset);
    result.targets = std::make_shared<Targets>(std::move(targets));
    return result;
}

// ---- accesses -----------------------------------------------------------------------------------------------------

void Execution::check_access(const Scalar& pointer, std::uint64_t size, const llvm::Instruction& at, State& state)
{
    if (!pointer.targets)
        refuse("an access through a number", &at);
    auto somewhere = logic_.truth(false);
    for (auto const& target : *pointer.targets)
    {
        auto const elsewhere = logic_.negation(target.guard);
        somewhere = logic_.either(somewhere, target.guard);
        if (target.region == nullptr)
        {
            ask("access through a null pointer", at,
                logic_.either(elsewhere, logic_.negation(logic_.equal(target.origin, logic_.number(0, 64)))), state);
            // Memory leads to objects outside only: who reads a pointer to a local from memory is refused.
            ask("access through a pointer to a local that was kept", at,
                logic_.either(elsewhere, logic_.folded(z3::ult(target.origin, logic_.number(first_own_address, 64)))),
                state);
        }
        else
        {
            auto const offset = logic_.add(pointer.bits, logic_.number(0 - target.region->address, 64));
            auto const fits = size <= target.region->size
                                  ? logic_.folded(z3::ule(offset, logic_.number(target.region->size - size, 64)))
                                  : logic_.truth(false);
            ask("access outside of its object", at, logic_.either(elsewhere, fits), state);
            auto const alive = state.alive.find(target.region);
            if (target.region->global == nullptr)
                ask("access to a local that is gone", at,
                    logic_.either(elsewhere, alive == state.alive.end() ? logic_.truth(false) : alive->second), state);
        }
        auto inside = target.inside;
        if (target.row)
        {
            auto const& row = *target.row;
            auto const elements = row.stride == 0 ? 0 : (size + row.stride - 1) / row.stride;
            inside = logic_.both(inside, logic_.folded(z3::ult(row.index, row.count)));
            if (elements > 1)
                inside = logic_.both(inside, z3::ule(logic_.number(elements, 64), row.count - row.index));
        }
        ask("access outside of its array", at, logic_.either(elsewhere, inside), state);
    }
    ask("access through a null pointer", at, somewhere, state);
}

std::string Execution::full_key(const Target& target, const Cell& cell)
{
    return (target.region == nullptr ? std::string() : "#" + std::to_string(target.region->number) + " ") + cell.key;
}

std::vector<Cell> Execution::cells_at(const Target& target, const z3::expr& address, std::uint64_t size,
                                      const llvm::Instruction& at)
{
    std::vector<Cell> found;
    auto spot = target.spot;
    if (target.region != nullptr && target.region->bytes)
    {
        for (std::uint64_t i = 0; i < size; ++i)
            found.push_back({"bytes", i, i + 1, 1, false, false});
        for (auto const& cell : found)
            note_use(target, address, cell, at);
        return found;
    }
    if (spot.type == nullptr)
        spot = tagged(at);
    if (spot.type == nullptr)
        refuse("an access to an object of unknown type", &at);
    // A copy may begin at an element and take several.
    if (target.row && size > layout_.size(spot.type))
    {
        auto const stride = target.row->stride;
        if (stride == 0 || size % stride != 0 || !Layout::alike(target.row->element.type, spot.type))
            refuse("an access to parts of several objects", &at);
        spot = {llvm::ArrayType::get(spot.type, size / stride), spot.leaf};
    }
    if (!layout_.cells(spot, 0, size, found))
        refuse("an access to a part of a member, or beyond its object's type", &at);
    for (auto const& cell : found)
    {
        note_use(target, address, cell, at);
        note_array(target, address, cell);
    }
    return found;
}

/// A local has no declared life of its own as one type: two uses of the same bytes under different keys are refused.
void Execution::note_use(const Target& target, const z3::expr& address, const Cell& cell, const llvm::Instruction& at)
{
    auto const key = full_key(target, cell);
    auto const [width, is_new] = widths_.try_emplace(key, cell.bytes);
    if (width->second != cell.bytes)
        refuse("a member of two widths: " + cell.key, &at);
    if (is_new)
        initial_.emplace(key, logic_.initial_array("memory:" + key, cell.bytes * 8));
    auto* const region = target.region;
    if (region == nullptr || region->global != nullptr || region->bytes)
        return;
    Region::Use use{.key = key, .bytes = cell.bytes};
    auto const begin = logic_.add(address, logic_.number(cell.offset - region->address, 64));
    std::uint64_t start = 0;
    if (begin.is_numeral_u64(start))
        use.start = start;
    else if (target.row)
    {
        auto const first = logic_.add(target.row->base, logic_.number(0 - region->address, 64));
        auto const within = logic_.distance(
            address,
            logic_.add(target.row->base, logic_.folded(target.row->index * logic_.number(target.row->stride, 64))));
        if (!first.is_numeral_u64(start) || !within || !target.row->count.is_numeral_u64(use.count))
            refuse("an access to a local at an address that is not known", &at);
        use.start = start + *within + cell.offset;
        use.stride = target.row->stride;
    }
    else
    {
        // Inside of an element whose index varies.
        use.start = 0;
        use.stride = 0;
        use.count = 0;
    }
    if (cell.many)
    {
        use.count = 0;
    }
    for (auto const& other : region->uses)
    {
        if (other.key == use.key)
            continue;
        if (use.count == 0 || other.count == 0)
        {
            // Only the types tell: both are members of the local's own type.
            if (cell.key.starts_with("local as") || other.key.find(" local as") != std::string::npos)
                refuse("a local used under two types", &at);
            continue;
        }
        auto const end = use.start + use.stride * (use.count - 1) + use.bytes;
        auto const other_end = other.start + other.stride * (other.count - 1) + other.bytes;
        if (end <= other.start || other_end <= use.start)
            continue;
        auto const stride = std::max(use.stride, other.stride);
        bool const comparable = stride != 0 && (use.stride == other.stride || use.count == 1 || other.count == 1);
        auto const apart = comparable ? (use.start + stride * region->size - other.start) % stride : 0;
        if (!comparable || apart < other.bytes || stride - apart < use.bytes)
            refuse("a local used under two types", &at);
    }
    for (auto const& other : region->uses)
    {
        if (other.key == use.key && other.start == use.start && other.stride == use.stride && other.count == use.count)
            return;
    }
    region->uses.push_back(use);
}

Cells& Execution::cells(State& state, const Target& target, const Cell& cell)
{
    auto const key = full_key(target, cell);
    auto const found = state.memory.find(key);
    if (found != state.memory.end())
        return found->second;
    Cells begin{initial_.at(key), std::nullopt};
    if (target.region != nullptr && target.region->global == nullptr && !target.region->given)
        begin.undefined = z3::const_array(logic_.context().bv_sort(64), logic_.ones(cell.bytes * 8));
    return state.memory.emplace(key, begin).first->second;
}

/// By rule: two arrays that are the same member of objects are one, or apart.
void Execution::note_array(const Target& target, const z3::expr& address, const Cell& cell)
{
    if (target.region != nullptr)
        return;
    std::optional<z3::expr> base;
    std::uint64_t bytes = cell.array_bytes;
    std::uint64_t count = 0;
    if (bytes != 0)
        base = logic_.add(address, logic_.number(cell.array_offset, 64));
    else if (target.row && target.row->count.is_numeral_u64(count) && target.spot.type != nullptr &&
             !target.spot.type->isAggregateType())
    {
        base = target.row->base;
        bytes = count * target.row->stride;
    }
    if (!base)
        return;
    auto& list = arrays_[cell.key];
    for (auto const& [other, size] : list)
    {
        if (Logic::same(other, *base))
            return;
    }
    list.emplace_back(*base, bytes);
}

void Execution::note_read(const std::string& key, const z3::expr& address)
{
    auto& list = reads_[key];
    for (auto const& other : list)
    {
        if (Logic::same(other, address))
            return;
    }
    list.push_back(address);
}

void Execution::note_write(const std::string& key, const z3::expr* address, bool undefined)
{
    for (auto* const record : recording_)
    {
        auto& of_key = record->keys[key];
        of_key.undefined |= undefined;
        if (address == nullptr)
            of_key.all = true;
        else
            of_key.addresses.push_back(*address);
    }
}

Scalar Execution::load_constant(const Target& target, const z3::expr& address, llvm::Type* type,
                                const llvm::Instruction& at)
{
    auto* const global = target.region->global;
    if (!global->isConstant() || !global->hasDefinitiveInitializer())
        refuse("a global that is not a constant of the module: " + global->getName().str(), &at);
    auto* const content = const_cast<llvm::Constant*>(global->getInitializer());
    auto const& data = function_.getParent()->getDataLayout();
    auto at_offset = [&](std::uint64_t offset)
    {
        auto* const folded = llvm::ConstantFoldLoadFromConst(content, type, llvm::APInt(64, offset), data);
        if (folded == nullptr)
            refuse("a constant that cannot be read: " + global->getName().str(), &at);
        return constant(folded).front();
    };
    auto const offset = logic_.add(address, logic_.number(0 - target.region->address, 64));
    std::uint64_t number = 0;
    if (offset.is_numeral_u64(number))
        return number + layout_.size(type) <= target.region->size ? at_offset(number)
                                                                  : constant(llvm::UndefValue::get(type)).front();
    std::uint64_t count = 0;
    std::uint64_t first = 0;
    if (!target.row || !target.row->count.is_numeral_u64(count) || count > 256 || count == 0)
        refuse("a constant at an address that is not known: " + global->getName().str(), &at);
    auto const base = logic_.add(target.row->base, logic_.number(0 - target.region->address, 64));
    auto const within =
        logic_.distance(address, logic_.add(target.row->base,
                                            logic_.folded(target.row->index * logic_.number(target.row->stride, 64))));
    if (!base.is_numeral_u64(first) || !within)
        refuse("a constant at an address that is not known: " + global->getName().str(), &at);
    auto result = at_offset(first + *within);
    for (std::uint64_t i = 1; i < count; ++i)
        result = choose(logic_.equal(target.row->index, logic_.number(i, 64)),
                        at_offset(first + *within + i * target.row->stride), result);
    return result;
}

/// The bits of a value in memory that is no constant of the module.
Scalar Execution::read_bits(const Target& target, const z3::expr& address, std::uint64_t size,
                            const llvm::Instruction& at, State& state)
{
    std::optional<Scalar> whole;
    std::uint64_t covered = 0;
    auto width = [](const Scalar& scalar) { return scalar.bits.get_sort().bv_size(); };
    auto join = [&](const Scalar& next)
    {
        if (!whole)
        {
            whole = next;
            return;
        }
        if (whole->undefined || next.undefined)
            whole->undefined = z3::concat(next.undefined.value_or(logic_.number(0, width(next))),
                                          whole->undefined.value_or(logic_.number(0, width(*whole))));
        whole->bits = z3::concat(next.bits, whole->bits);
    };
    auto padding = [&](std::uint64_t bytes)
    {
        auto const gap = static_cast<unsigned>(bytes) * 8;
        join({logic_.number(0, gap), logic_.ones(gap), nullptr});
    };
    for (auto const& cell : cells_at(target, address, size, at))
    {
        auto const key = full_key(target, cell);
        if (cell.many)
            refuse("a value that is a whole array", &at);
        if (tables_.contains(key))
            refuse("a look at the table of virtual functions", &at);
        if (cell.offset > covered)
            padding(cell.offset - covered);
        auto const& from = cells(state, target, cell);
        auto const place = logic_.add(address, logic_.number(cell.offset, 64));
        note_read(key, place);
        Scalar part = plain(logic_.read(from.values, place));
        if (from.undefined)
            part.undefined = logic_.read(*from.undefined, place);
        if (cell.pointer && !keeps_own_.contains(key))
        {
            // By rule: a member that is a pointer is null or leads to a live object of its type.
            trusted_.insert(key);
            fact(z3::implies(state.path, z3::ult(part.bits, logic_.number(first_own_address, 64))));
        }
        join(part);
        covered = cell.offset + cell.bytes;
    }
    if (covered < size)
        padding(size - covered);
    if (target.region != nullptr && target.region->bytes)
    {
        whole->bits = whole->bits.simplify();
        if (whole->undefined)
            whole->undefined = whole->undefined->simplify();
    }
    if (whole->undefined && whole->undefined->is_numeral() &&
        z3::eq(*whole->undefined, logic_.number(0, width(*whole))))
        whole->undefined = std::nullopt;
    return *whole;
}

Scalar Execution::load_from(const Target& target, const z3::expr& address, llvm::Type* type,
                            const llvm::Instruction& at, State& state)
{
    if (target.region != nullptr && target.region->global != nullptr)
        return load_constant(target, address, type, at);
    auto const width = bits_of(type, &at);
    auto whole = read_bits(target, address, layout_.size(type), at, state);
    if (width < whole.bits.get_sort().bv_size())
    {
        whole.bits = logic_.folded(whole.bits.extract(width - 1, 0));
        if (whole.undefined)
            whole.undefined = logic_.folded(whole.undefined->extract(width - 1, 0));
    }
    return whole;
}

namespace
{

bool is_bool(const llvm::Instruction& access)
{
    auto const* const tag = access.getMetadata(llvm::LLVMContext::MD_tbaa);
    if (tag == nullptr || tag->getNumOperands() < 2)
        return false;
    auto const* const type = llvm::dyn_cast<llvm::MDNode>(tag->getOperand(1));
    auto const* const name =
        type == nullptr || type->getNumOperands() == 0 ? nullptr : llvm::dyn_cast<llvm::MDString>(type->getOperand(0));
    return name != nullptr && name->getString() == "bool";
}

} // namespace

void Execution::load(llvm::LoadInst& load, State& state)
{
    if (load.isVolatile() || load.isAtomic())
        refuse("a volatile or atomic access", &load);
    auto* const global = llvm::dyn_cast<llvm::GlobalVariable>(load.getPointerOperand()->stripInBoundsOffsets());
    if (global != nullptr && global->getName().starts_with("ovm.un"))
    {
        // What sroa made of a variable's first bits.
        bool const given = global->getName().starts_with("ovm.unknown");
        auto const width = bits_of(load.getType(), &load);
        Scalar first = plain(logic_.fresh(given ? "given" : "undefined", width));
        if (!given)
            first.undefined = logic_.ones(width);
        if (load.getType()->isPointerTy())
        {
            if (given)
                fact(z3::ult(first.bits, logic_.number(first_own_address, 64)));
            first.targets = outside(first.bits, state.path, hint(&load)).targets;
        }
        values_[&load] = {first};
        return;
    }
    auto const address = defined(load.getPointerOperand(), state, "an address");
    auto const pointer = scalar(load.getPointerOperand());
    check_access(pointer, layout_.size(load.getType()), load, state);
    std::optional<Scalar> result;
    for (auto const& target : *pointer.targets)
    {
        auto const one = load_from(target, address, load.getType(), load, state);
        result = result ? choose(target.guard, one, *result) : one;
    }
    if (!result)
    {
        // Only null: the question above has ended the path.
        result = constant(llvm::UndefValue::get(load.getType())).front();
    }
    if (load.getType()->isPointerTy())
    {
        bool const constant_data = pointer.targets->size() == 1 && pointer.targets->front().region != nullptr &&
                                   pointer.targets->front().region->global != nullptr;
        if (!constant_data)
        {
            auto const* const member = member_of(load);
            auto spot = member == nullptr ? Spot{} : declared(member->getBaseType());
            result->targets = outside(result->bits, state.path, spot.type != nullptr ? spot : hint(&load)).targets;
        }
        // By rule: a reference leads to an object.
        auto const* const member = member_of(load);
        auto const* const type =
            member == nullptr ? nullptr : llvm::dyn_cast_or_null<llvm::DIDerivedType>(member->getBaseType());
        if (type != nullptr && type->getTag() == llvm::dwarf::DW_TAG_reference_type && !result->undefined)
            fact(z3::implies(state.path, result->bits != 0));
    }
    // By rule: memory that nobody here has written holds values of its types.
    bool const outside_only = std::all_of(pointer.targets->begin(), pointer.targets->end(),
                                          [](const Target& target) { return target.region == nullptr; });
    if (is_bool(load) && outside_only && result->bits.get_sort().bv_size() == 8)
        fact(z3::implies(state.path, z3::ule(result->bits, logic_.number(1, 8))));
    values_[&load] = {*result};
    if (auto const* const member = member_of(load); member != nullptr && silent_ == 0 && load.getDebugLoc())
    {
        auto* const scope = load.getDebugLoc()->getScope()->getSubprogram();
        sightings_.push_back({.name = member->getName().str(),
                              .scope = scope != nullptr ? scope->getName().str() : std::string(),
                              .bits = result->bits,
                              .path = state.path,
                              .is_pointer = load.getType()->isPointerTy()});
    }
}

void Execution::write(State& state, const Target& target, const Cell& cell, const z3::expr& address,
                      const z3::expr& bits, const std::optional<z3::expr>& undefined)
{
    auto& into = cells(state, target, cell);
    bool const always = Logic::is_true(target.guard);
    auto const written = always ? bits : logic_.choose(target.guard, bits, logic_.read(into.values, address));
    if (into.undefined || undefined)
    {
        auto const none = logic_.number(0, cell.bytes * 8);
        auto const before = into.undefined.value_or(z3::const_array(logic_.context().bv_sort(64), none));
        auto const mask = logic_.choose(target.guard, undefined.value_or(none), logic_.read(before, address));
        into.undefined = logic_.write(before, address, mask);
    }
    into.values = logic_.write(into.values, address, written);
    note_read(full_key(target, cell), address);
    note_write(full_key(target, cell), &address, undefined.has_value());
}

/// A pointer to a local may be kept in another local, where it is no member that leads to objects by rule.
bool Execution::may_keep(const Target& target, const std::string& key, const z3::expr& pointer,
                         const llvm::Instruction& at, State& state)
{
    auto const is_outside = logic_.folded(z3::ult(pointer, logic_.number(first_own_address, 64)));
    if (Logic::is_true(is_outside) || target.region == nullptr || keeps_own_.contains(key))
    {
        if (target.region == nullptr)
            ask("pointer to a local is kept in memory", at, logic_.either(logic_.negation(target.guard), is_outside),
                state);
        return true;
    }
    if (trusted_.contains(key))
    {
        ask("pointer to a local is kept in memory", at, logic_.either(logic_.negation(target.guard), is_outside),
            state);
        return true;
    }
    if (Logic::is_false(is_outside))
        keeps_own_.insert(key);
    else
        ask("pointer to a local is kept in memory", at, logic_.either(logic_.negation(target.guard), is_outside),
            state);
    return true;
}

void Execution::write_bits(const Target& target, const z3::expr& address, const Scalar& what, bool pointer,
                           const llvm::Instruction& at, State& state)
{
    if (target.region != nullptr && target.region->global != nullptr)
        refuse("a store into a global", &at);
    auto const width = what.bits.get_sort().bv_size();
    for (auto const& cell : cells_at(target, address, width / 8, at))
    {
        if (cell.many)
            refuse("a value that is a whole array", &at);
        if (cell.pointer && !pointer)
            refuse("a pointer made of numbers", &at);
        if (cell.pointer)
            may_keep(target, full_key(target, cell), what.bits, at, state);
        auto part = [&](const z3::expr& of)
        {
            if (cell.offset == 0 && cell.bytes * 8 == width)
                return of;
            auto const high = static_cast<unsigned>(cell.offset + cell.bytes) * 8 - 1;
            return of.extract(high, static_cast<unsigned>(cell.offset) * 8).simplify();
        };
        std::optional<z3::expr> undefined;
        if (what.undefined)
        {
            undefined = part(*what.undefined);
            if (undefined->is_numeral() && z3::eq(*undefined, logic_.number(0, cell.bytes * 8)))
                undefined = std::nullopt;
        }
        write(state, target, cell, logic_.add(address, logic_.number(cell.offset, 64)), part(what.bits), undefined);
    }
}

void Execution::store(llvm::StoreInst& store, State& state)
{
    if (store.isVolatile() || store.isAtomic())
        refuse("a volatile or atomic access", &store);
    auto const address = defined(store.getPointerOperand(), state, "an address");
    auto const pointer = scalar(store.getPointerOperand());
    auto* const type = store.getValueOperand()->getType();
    auto const size = layout_.size(type);
    auto what = scalar(store.getValueOperand());
    check_access(pointer, size, store, state);
    auto const width = what.bits.get_sort().bv_size();
    if (size * 8 > width)
    {
        what.bits = logic_.folded(z3::zext(what.bits, static_cast<unsigned>(size) * 8 - width));
        if (what.undefined)
            what.undefined = logic_.folded(z3::zext(*what.undefined, static_cast<unsigned>(size) * 8 - width));
    }
    auto* const known = llvm::dyn_cast<llvm::Constant>(store.getValueOperand()->stripInBoundsOffsets());
    // The table of virtual functions is a constant of the module, and nothing here may read it.
    bool const table = known != nullptr && known->getName().starts_with("_ZTV");
    for (auto const& target : *pointer.targets)
    {
        if (!table)
        {
            write_bits(target, address, what, type->isPointerTy(), store, state);
            continue;
        }
        for (auto const& cell : cells_at(target, address, size, store))
        {
            if (target.region == nullptr || !target.region->bytes)
                tables_.insert(full_key(target, cell));
        }
    }
}

} // namespace ovm::compiler::verifier
