
#include <llvm/ADT/SmallString.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/DebugProgramInstruction.h>
#include <llvm/IR/Module.h>

#include "execution.hpp"

namespace ovm::compiler::verifier
{

unsigned Execution::bits_of(llvm::Type* type, const llvm::Instruction* at)
{
    if (type->isPointerTy())
        return 64;
    if (type->isIntegerTy())
        return type->getIntegerBitWidth();
    std::string what = "a value that is neither a number nor a pointer";
    if (type->isFloatingPointTy())
        what = "floating point";
    if (type->isVectorTy())
        what = "a vector";
    refuse(what, at);
}

Value Execution::constant(llvm::Constant* constant)
{
    if (auto* const number = llvm::dyn_cast<llvm::ConstantInt>(constant))
    {
        auto const& value = number->getValue();
        auto const width = value.getBitWidth();
        if (width <= 64)
            return {plain(logic_.number(value.getZExtValue(), width))};
        llvm::SmallString<64> text;
        value.toString(text, 10, false);
        return {plain(logic_.context().bv_val(text.c_str(), width))};
    }
    if (llvm::isa<llvm::ConstantPointerNull>(constant))
        return {{logic_.number(0, 64), std::nullopt, std::make_shared<Targets>()}};
    if (llvm::isa<llvm::UndefValue>(constant) && !constant->getType()->isAggregateType())
    {
        auto const width = bits_of(constant->getType());
        Scalar scalar{logic_.number(0, width), logic_.ones(width), nullptr};
        if (constant->getType()->isPointerTy())
            scalar.targets = std::make_shared<Targets>();
        return {scalar};
    }
    if (auto* const type = llvm::dyn_cast<llvm::StructType>(constant->getType()))
    {
        Value parts;
        for (unsigned i = 0; i < type->getNumElements(); ++i)
        {
            auto const part = this->constant(constant->getAggregateElement(i));
            parts.insert(parts.end(), part.begin(), part.end());
        }
        return parts;
    }
    if (auto* const global = llvm::dyn_cast<llvm::GlobalVariable>(constant))
    {
        auto& region = region_of(*global, global->getName().str(), layout_.size(global->getValueType()));
        region.global = global;
        auto const address = logic_.number(region.address, 64);
        return {{address, std::nullopt,
                 std::make_shared<Targets>(Targets{{.guard = logic_.truth(true),
                                                    .region = &region,
                                                    .address = address,
                                                    .origin = address,
                                                    .spot = {global->getValueType(), global->getName().str()},
                                                    .inside = logic_.truth(true)}})}};
    }
    if (auto* const function = llvm::dyn_cast<llvm::Function>(constant))
    {
        auto& region = region_of(*function, function->getName().str(), 0);
        return {{logic_.number(region.address, 64), std::nullopt, std::make_shared<Targets>()}};
    }
    if (auto* const expression = llvm::dyn_cast<llvm::ConstantExpr>(constant))
    {
        if (auto* const gep = llvm::dyn_cast<llvm::GEPOperator>(expression))
            return {step(*gep, nullptr)};
    }
    refuse("a constant of an unknown kind", nullptr);
}

Value Execution::value(llvm::Value* operand)
{
    if (auto* const known = llvm::dyn_cast<llvm::Constant>(operand))
        return constant(known);
    auto const found = values_.find(operand);
    if (found == values_.end())
        refuse("a value that no executed instruction made", llvm::dyn_cast<llvm::Instruction>(operand));
    return found->second;
}

Scalar Execution::scalar(llvm::Value* operand)
{
    auto const all = value(operand);
    if (all.size() != 1)
        refuse("a structure as a value", llvm::dyn_cast<llvm::Instruction>(operand));
    return all.front();
}

/// The operand's bits, all of which must be good.
z3::expr Execution::defined(llvm::Value* operand, State& state, const char* use)
{
    auto const it = scalar(operand);
    if (it.undefined)
    {
        auto* const at = llvm::dyn_cast<llvm::Instruction>(operand);
        auto const good = logic_.equal(*it.undefined, logic_.number(0, it.bits.get_sort().bv_size()));
        ask("value was never set", at != nullptr ? *at : function_.getEntryBlock().front(), good, state, use);
    }
    return it.bits;
}

/// An operation whose every bit may depend on every bit of its operands.
std::optional<z3::expr> Execution::smeared(const Scalar& a, const Scalar* b, unsigned bits)
{
    auto bad = logic_.truth(false);
    auto look = [&](const Scalar& scalar)
    {
        if (scalar.undefined)
            bad = logic_.either(bad, logic_.negation(logic_.equal(*scalar.undefined,
                                                                  logic_.number(0, scalar.bits.get_sort().bv_size()))));
    };
    look(a);
    if (b != nullptr)
        look(*b);
    if (Logic::is_false(bad))
        return std::nullopt;
    return logic_.choose(bad, logic_.ones(bits), logic_.number(0, bits));
}

/// A pointer to an object outside, or null.
Scalar Execution::outside(const z3::expr& address, const z3::expr&, Spot spot)
{
    return {address, std::nullopt,
            std::make_shared<Targets>(Targets{{.guard = logic_.truth(true),
                                               .region = nullptr,
                                               .address = address,
                                               .origin = address,
                                               .object = llvm::dyn_cast_or_null<llvm::StructType>(spot.type),
                                               .spot = spot,
                                               .inside = logic_.truth(true)}})};
}

Scalar Execution::choose(const z3::expr& condition, const Scalar& then, const Scalar& otherwise)
{
    Scalar result = plain(logic_.choose(condition, then.bits, otherwise.bits));
    if (then.undefined || otherwise.undefined)
    {
        auto const none = logic_.number(0, then.bits.get_sort().bv_size());
        auto const mask = logic_.choose(condition, then.undefined.value_or(none), otherwise.undefined.value_or(none));
        if (!(mask.is_numeral() && z3::eq(mask, none)))
            result.undefined = mask;
    }
    if (!then.targets || !otherwise.targets)
        return result;
    Targets all;
    auto add = [&](const Targets& targets, const z3::expr& when)
    {
        for (auto target : targets)
        {
            target.guard = logic_.both(when, target.guard);
            if (Logic::is_false(target.guard))
                continue;
            bool known = false;
            for (auto& other : all)
            {
                bool const same_row = target.row.has_value() == other.row.has_value() &&
                                      (!target.row || (z3::eq(target.row->index, other.row->index) &&
                                                       z3::eq(target.row->base, other.row->base)));
                if (!known && other.region == target.region && z3::eq(other.origin, target.origin) &&
                    z3::eq(other.address, target.address) && other.spot.type == target.spot.type &&
                    other.spot.leaf == target.spot.leaf && same_row && z3::eq(other.inside, target.inside) &&
                    other.span == target.span)
                {
                    other.guard = logic_.either(other.guard, target.guard);
                    known = true;
                }
            }
            if (!known)
                all.push_back(target);
        }
    };
    if (then.targets->size() == 1 && otherwise.targets->size() == 1)
    {
        auto const& a = then.targets->front();
        auto const& b = otherwise.targets->front();
        bool const plain_objects = a.region == nullptr && b.region == nullptr && !a.row && !b.row &&
                                   z3::eq(a.origin, then.bits) && z3::eq(b.origin, otherwise.bits) && !a.span &&
                                   !b.span && Logic::is_true(a.inside) && Logic::is_true(b.inside);
        if (plain_objects && (a.spot.type == b.spot.type || a.spot.type == nullptr || b.spot.type == nullptr))
        {
            result.targets = outside(result.bits, condition, a.spot.type != nullptr ? a.spot : b.spot).targets;
            return result;
        }
    }
    add(*then.targets, condition);
    add(*otherwise.targets, logic_.negation(condition));
    result.targets = std::make_shared<Targets>(std::move(all));
    return result;
}

} // namespace ovm::compiler::verifier
