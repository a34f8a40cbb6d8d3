#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/GetElementPtrTypeIterator.h>
#include <llvm/IR/Module.h>

#include "execution.hpp"

namespace ovm::compiler::verifier
{

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
            note_object(target, logic_.both(state.path, target.guard));
        }
        else
        {
            auto const offset = logic_.add(target.address, logic_.number(0 - target.region->address, 64));
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
        auto const index = index_of(key, place);
        Scalar part = plain(logic_.read(from.values, index));
        if (from.undefined)
            part.undefined = logic_.read(*from.undefined, index);
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
        return load_constant(target, address, type, at, state);
    auto const width = bits_of(type, &at);
    auto whole = read_bits(target, address, layout_.stored_size(type), at, state);
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
    if (load.isVolatile())
        refuse("a volatile access", &load);
    if (load.isAtomic())
        return atomic_load(load, state);
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
    defined(load.getPointerOperand(), state, "an address");
    auto const pointer = scalar(load.getPointerOperand());
    check_access(pointer, layout_.stored_size(load.getType()), load, state);
    std::optional<Scalar> result;
    for (auto const& target : *pointer.targets)
    {
        auto const one = load_from(target, target.address, load.getType(), load, state);
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
            auto const* const member = member_of(load, *pointer.targets);
            auto spot = member == nullptr ? Spot{} : declared(member->getBaseType());
            result->targets = outside(result->bits, state.path, spot.type != nullptr ? spot : hint(&load)).targets;
            enter_span(*result, load, *pointer.targets, state);
        }
        // By rule: a reference leads to an object.
        auto const* const member = member_of(load, *pointer.targets);
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
    if (auto const* const member = member_of(load, *pointer.targets);
        member != nullptr && silent_ == 0 && load.getDebugLoc())
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
    auto const key = full_key(target, cell);
    auto const index = index_of(key, address);
    bool const always = Logic::is_true(target.guard);
    auto const written = always ? bits : logic_.choose(target.guard, bits, logic_.read(into.values, index));
    if (into.undefined || undefined)
    {
        auto const none = logic_.number(0, cell.bytes * 8);
        auto const before = into.undefined.value_or(z3::const_array(logic_.context().bv_sort(64), none));
        auto const mask = logic_.choose(target.guard, undefined.value_or(none), logic_.read(before, index));
        into.undefined = logic_.write(before, index, mask);
    }
    into.values = logic_.write(into.values, index, written);
    spill(state, key);
    note_read(key, address);
    note_write(key, &address, undefined.has_value());
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
    if (store.isVolatile())
        refuse("a volatile access", &store);
    defined(store.getPointerOperand(), state, "an address");
    auto const pointer = scalar(store.getPointerOperand());
    auto* const type = store.getValueOperand()->getType();
    auto const size = layout_.stored_size(type);
    auto what = scalar(store.getValueOperand());
    check_access(pointer, size, store, state);
    check_effect(pointer, logic_.number(size, 64), store, state);
    bool const leads = type->isPointerTy() || (store.isAtomic() && may_lead(what));
    if (type->isPointerTy() && !what.targets)
        refuse("a pointer made of a number is kept in memory", &store);
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
            write_bits(target, target.address, what, leads, store, state);
            continue;
        }
        for (auto const& cell : cells_at(target, target.address, size, store))
        {
            if (target.region == nullptr || !target.region->bytes)
                tables_.insert(full_key(target, cell));
        }
    }
    if (store.isAtomic())
        hand_over(store.getOrdering(), store, state);
}

} // namespace ovm::compiler::verifier
