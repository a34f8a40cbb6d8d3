#include <algorithm>

#include <llvm/ADT/SmallString.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/DebugProgramInstruction.h>
#include <llvm/IR/Module.h>

#include "execution.hpp"

namespace ovm::compiler::verifier
{

namespace
{

/// Locals of more are not split into bytes.
constexpr std::uint64_t most_bytes = 256;

} // namespace

// ---- one by one ---------------------------------------------------------------------------------------------------

void Execution::execute(llvm::Instruction& instruction, State& state)
{
    if (auto* const operation = llvm::dyn_cast<llvm::BinaryOperator>(&instruction))
        values_[operation] = binary(*operation, state);
    else if (auto* const comparison = llvm::dyn_cast<llvm::ICmpInst>(&instruction))
        values_[comparison] = compare(*comparison);
    else if (auto* const select = llvm::dyn_cast<llvm::SelectInst>(&instruction))
        values_[select] = this->select(*select, state);
    else if (auto* const gep = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction))
        values_[gep] = {step(llvm::cast<llvm::GEPOperator>(*gep), &state)};
    else if (auto* const load = llvm::dyn_cast<llvm::LoadInst>(&instruction))
        this->load(*load, state);
    else if (auto* const store = llvm::dyn_cast<llvm::StoreInst>(&instruction))
        this->store(*store, state);
    else if (auto* const operation = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction))
        read_modify_write(*operation, state);
    else if (auto* const exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction))
        compare_exchange(*exchange, state);
    else if (auto* const barrier = llvm::dyn_cast<llvm::FenceInst>(&instruction))
        fence(*barrier, state);
    else if (auto* const cast = llvm::dyn_cast<llvm::CastInst>(&instruction))
        values_[cast] = this->cast(*cast);
    else if (auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction))
        this->call(*call, state);
    else if (auto* const place = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
    {
        auto& region = region_of(*place, place->getName().str(), layout_.size(place->getAllocatedType()));
        std::vector<Cell> members;
        bool const has_rows =
            layout_.cells({place->getAllocatedType(), ""}, 0, region.size, members) &&
            std::any_of(members.begin(), members.end(), [](const Cell& cell) { return cell.many && cell.bytes > 1; });
        region.bytes = region.size <= most_bytes && !has_rows && is_never_indexed(*place);
        auto const address = logic_.number(region.address, 64);
        state.alive.insert_or_assign(&region, logic_.truth(true));
        values_[place] = {{address, std::nullopt,
                           std::make_shared<Targets>(Targets{{.guard = logic_.truth(true),
                                                              .region = &region,
                                                              .address = address,
                                                              .origin = address,
                                                              .spot = {place->getAllocatedType(), "local"},
                                                              .inside = logic_.truth(true)}})}};
    }
    else if (auto* const freeze = llvm::dyn_cast<llvm::FreezeInst>(&instruction))
    {
        auto it = scalar(freeze->getOperand(0));
        if (it.undefined)
        {
            auto const any = logic_.fresh("frozen", it.bits.get_sort().bv_size());
            it.bits = (it.bits & ~*it.undefined) | (any & *it.undefined);
            it.undefined = std::nullopt;
        }
        values_[freeze] = {it};
    }
    else if (auto* const extract = llvm::dyn_cast<llvm::ExtractValueInst>(&instruction))
    {
        auto const* const type = llvm::dyn_cast<llvm::StructType>(extract->getAggregateOperand()->getType());
        if (type == nullptr || extract->getNumIndices() != 1)
            refuse("a part of a nested structure", extract);
        for (auto* const element : type->elements())
        {
            if (element->isAggregateType())
                refuse("a part of a nested structure", extract);
        }
        values_[extract] = {value(extract->getAggregateOperand()).at(extract->getIndices()[0])};
    }
    else if (auto* const insert = llvm::dyn_cast<llvm::InsertValueInst>(&instruction))
    {
        auto all = value(insert->getAggregateOperand());
        auto const* const type = llvm::dyn_cast<llvm::StructType>(insert->getType());
        if (type == nullptr || insert->getNumIndices() != 1 || all.size() != type->getNumElements())
            refuse("a part of a nested structure", insert);
        all[insert->getIndices()[0]] = scalar(insert->getInsertedValueOperand());
        values_[insert] = all;
    }
    else
        refuse(std::string("the instruction ") + instruction.getOpcodeName(), &instruction);
}

Value Execution::binary(llvm::BinaryOperator& operation, State& state)
{
    auto const width = bits_of(operation.getType(), &operation);
    auto const a = scalar(operation.getOperand(0));
    auto const b = scalar(operation.getOperand(1));
    auto const zero = logic_.number(0, width);
    auto const limit =
        width <= 64 ? logic_.number(width, width) : logic_.context().bv_val(static_cast<int>(width), width);
    Scalar result = plain(a.bits);
    auto mask = smeared(a, &b, width);
    auto const undefined_a = a.undefined.value_or(zero);
    auto const undefined_b = b.undefined.value_or(zero);
    auto good = [&](const std::string& what, const z3::expr& claim) { ask(what, operation, claim, state); };
    switch (operation.getOpcode())
    {
    case llvm::Instruction::Add:
        result.bits = logic_.folded(a.bits + b.bits);
        if (operation.hasNoUnsignedWrap())
            good("addition overflows", z3::bvadd_no_overflow(a.bits, b.bits, false));
        if (operation.hasNoSignedWrap())
            good("addition overflows",
                 z3::bvadd_no_overflow(a.bits, b.bits, true) && z3::bvadd_no_underflow(a.bits, b.bits));
        break;
    case llvm::Instruction::Sub:
        result.bits = logic_.folded(a.bits - b.bits);
        if (operation.hasNoUnsignedWrap())
            good("subtraction overflows", z3::ule(b.bits, a.bits));
        if (operation.hasNoSignedWrap())
            good("subtraction overflows",
                 z3::bvsub_no_overflow(a.bits, b.bits) && z3::bvsub_no_underflow(a.bits, b.bits, true));
        break;
    case llvm::Instruction::Mul:
        result.bits = logic_.folded(a.bits * b.bits);
        if (operation.hasNoUnsignedWrap())
            good("multiplication overflows", z3::bvmul_no_overflow(a.bits, b.bits, false));
        if (operation.hasNoSignedWrap())
            good("multiplication overflows",
                 z3::bvmul_no_overflow(a.bits, b.bits, true) && z3::bvmul_no_underflow(a.bits, b.bits));
        break;
    case llvm::Instruction::UDiv:
    case llvm::Instruction::URem:
    case llvm::Instruction::SDiv:
    case llvm::Instruction::SRem:
    {
        bool const with_sign =
            operation.getOpcode() == llvm::Instruction::SDiv || operation.getOpcode() == llvm::Instruction::SRem;
        auto sound = logic_.negation(logic_.equal(b.bits, zero));
        if (with_sign)
            sound = sound &&
                    !(b.bits == logic_.ones(width) && a.bits == z3::shl(zero + 1, logic_.folded(limit - 1)).simplify());
        // Who divides by what was never set divides by anything.
        if (b.undefined)
            defined(operation.getOperand(1), state, "a divisor");
        good("division by zero or overflow", sound);
        result.bits = logic_.folded(operation.getOpcode() == llvm::Instruction::UDiv   ? z3::udiv(a.bits, b.bits)
                                    : operation.getOpcode() == llvm::Instruction::URem ? z3::urem(a.bits, b.bits)
                                    : operation.getOpcode() == llvm::Instruction::SDiv ? a.bits / b.bits
                                                                                       : z3::srem(a.bits, b.bits));
        // What bit-blasting is slow to find out.
        if (!with_sign && !result.bits.is_numeral())
        {
            fact(z3::ule(result.bits, a.bits) || b.bits == zero);
            if (operation.getOpcode() == llvm::Instruction::URem)
                fact(z3::implies(b.bits != zero, z3::ult(result.bits, b.bits)));
        }
        if (with_sign && operation.getOpcode() == llvm::Instruction::SDiv && operation.isExact())
            good("inexact division", z3::srem(a.bits, b.bits) == zero);
        else if (operation.getOpcode() == llvm::Instruction::UDiv && operation.isExact())
            good("inexact division", z3::urem(a.bits, b.bits) == zero);
        break;
    }
    case llvm::Instruction::Shl:
    case llvm::Instruction::LShr:
    case llvm::Instruction::AShr:
    {
        good("shift out of bounds", logic_.folded(z3::ult(b.bits, limit)));
        bool const left = operation.getOpcode() == llvm::Instruction::Shl;
        bool const arithmetic = operation.getOpcode() == llvm::Instruction::AShr;
        auto shifted = [&](const z3::expr& what)
        {
            return logic_.folded(left         ? z3::shl(what, b.bits)
                                 : arithmetic ? z3::ashr(what, b.bits)
                                              : z3::lshr(what, b.bits));
        };
        result.bits = shifted(a.bits);
        if (left && operation.hasNoUnsignedWrap())
            good("shift loses bits", z3::lshr(result.bits, b.bits) == a.bits);
        if (left && operation.hasNoSignedWrap())
            good("shift loses bits", z3::ashr(result.bits, b.bits) == a.bits);
        if (!left && operation.isExact())
            good("shift loses bits", z3::shl(result.bits, b.bits) == a.bits);
        if (a.undefined && !b.undefined)
            mask = shifted(*a.undefined);
        break;
    }
    case llvm::Instruction::And:
        result.bits = logic_.folded(a.bits & b.bits);
        if (mask)
            mask = logic_.folded((undefined_a & (undefined_b | b.bits)) | (undefined_b & (undefined_a | a.bits)));
        break;
    case llvm::Instruction::Or:
        result.bits = logic_.folded(a.bits | b.bits);
        if (auto* const disjoint = llvm::dyn_cast<llvm::PossiblyDisjointInst>(&operation);
            disjoint != nullptr && disjoint->isDisjoint())
            good("bits that were said to be disjoint", (a.bits & b.bits) == zero);
        if (mask)
            mask = logic_.folded((undefined_a & (undefined_b | ~b.bits)) | (undefined_b & (undefined_a | ~a.bits)));
        break;
    case llvm::Instruction::Xor:
        result.bits = width == 1 && b.bits.is_numeral() && b.bits.get_numeral_uint64() == 1
                          ? logic_.to_bit(logic_.negation(logic_.from_bit(a.bits)))
                          : logic_.folded(a.bits ^ b.bits);
        if (mask)
            mask = undefined_a | undefined_b;
        break;
    default:
        refuse(std::string("the operation ") + operation.getOpcodeName(), &operation);
    }
    if (mask && !(mask->is_numeral() && z3::eq(*mask, zero)))
        result.undefined = mask;
    // Truths stay truths, which keeps conditions readable and terms small.
    if (width == 1 && !result.bits.is_numeral())
    {
        auto const x = logic_.from_bit(a.bits);
        auto const y = logic_.from_bit(b.bits);
        if (operation.getOpcode() == llvm::Instruction::And)
            result.bits = logic_.to_bit(logic_.both(x, y));
        if (operation.getOpcode() == llvm::Instruction::Or)
            result.bits = logic_.to_bit(logic_.either(x, y));
    }
    return {result};
}

Value Execution::compare(llvm::ICmpInst& comparison)
{
    auto const a = scalar(comparison.getOperand(0));
    auto const b = scalar(comparison.getOperand(1));
    auto truth = logic_.truth(true);
    switch (comparison.getPredicate())
    {
    case llvm::CmpInst::ICMP_EQ:
        truth = logic_.equal(a.bits, b.bits);
        break;
    case llvm::CmpInst::ICMP_NE:
        truth = logic_.negation(logic_.equal(a.bits, b.bits));
        break;
    case llvm::CmpInst::ICMP_ULT:
        truth = logic_.folded(z3::ult(a.bits, b.bits));
        break;
    case llvm::CmpInst::ICMP_ULE:
        truth = logic_.folded(z3::ule(a.bits, b.bits));
        break;
    case llvm::CmpInst::ICMP_UGT:
        truth = logic_.folded(z3::ugt(a.bits, b.bits));
        break;
    case llvm::CmpInst::ICMP_UGE:
        truth = logic_.folded(z3::uge(a.bits, b.bits));
        break;
    case llvm::CmpInst::ICMP_SLT:
        truth = logic_.folded(a.bits < b.bits);
        break;
    case llvm::CmpInst::ICMP_SLE:
        truth = logic_.folded(a.bits <= b.bits);
        break;
    case llvm::CmpInst::ICMP_SGT:
        truth = logic_.folded(a.bits > b.bits);
        break;
    case llvm::CmpInst::ICMP_SGE:
        truth = logic_.folded(a.bits >= b.bits);
        break;
    default:
        refuse("a comparison of floating point", &comparison);
    }
    Scalar result = plain(logic_.to_bit(truth));
    result.undefined = smeared(a, &b, 1);
    return {result};
}

Value Execution::cast(llvm::CastInst& cast)
{
    auto const from = scalar(cast.getOperand(0));
    auto const before = bits_of(cast.getSrcTy(), &cast);
    auto const after = bits_of(cast.getDestTy(), &cast);
    auto extended = [&](const z3::expr& bits, bool with_sign)
    {
        // A truth that becomes a wider number stays one choice.
        if (!with_sign && before == 1 && bits.is_app() && bits.is_ite())
            return logic_.choose(bits.arg(0), logic_.folded(z3::zext(bits.arg(1), after - before)),
                                 logic_.folded(z3::zext(bits.arg(2), after - before)));
        return logic_.folded(with_sign ? z3::sext(bits, after - before) : z3::zext(bits, after - before));
    };
    Scalar result = plain(from.bits);
    switch (cast.getOpcode())
    {
    case llvm::Instruction::Trunc:
    {
        auto low = [&](const z3::expr& bits)
        {
            if (bits.is_app() && bits.is_ite() && bits.arg(1).is_numeral() && bits.arg(2).is_numeral())
                return logic_.choose(bits.arg(0), logic_.folded(bits.arg(1).extract(after - 1, 0)),
                                     logic_.folded(bits.arg(2).extract(after - 1, 0)));
            // What was extended is what it was.
            if (bits.is_app() && bits.decl().decl_kind() == Z3_OP_ZERO_EXT && bits.arg(0).get_sort().bv_size() == after)
                return bits.arg(0);
            return logic_.folded(bits.extract(after - 1, 0));
        };
        result.bits = low(from.bits);
        if (from.undefined)
            result.undefined = low(*from.undefined);
        break;
    }
    case llvm::Instruction::ZExt:
    case llvm::Instruction::SExt:
        if (cast.getOpcode() == llvm::Instruction::ZExt && llvm::cast<llvm::PossiblyNonNegInst>(cast).hasNonNeg())
            refuse("an extension that is said not to be negative", &cast);
        result.bits = extended(from.bits, cast.getOpcode() == llvm::Instruction::SExt);
        if (from.undefined)
            result.undefined = extended(*from.undefined, cast.getOpcode() == llvm::Instruction::SExt);
        break;
    case llvm::Instruction::PtrToInt:
        if (before != after)
            refuse("an address as a number of other width", &cast);
        result.undefined = from.undefined;
        result.targets = from.targets;
        break;
    case llvm::Instruction::IntToPtr:
        // What was a pointer is one again. Another number is another member of a union, handed on as its pointer: it
        // leads nowhere, so that no access through it is allowed, and no memory keeps it.
        if (before != after)
            refuse("a number of other width as an address", &cast);
        result.undefined = from.undefined;
        result.targets = from.targets;
        break;
    default:
        refuse(std::string("the conversion ") + cast.getOpcodeName(), &cast);
    }
    if (result.undefined && result.undefined->is_numeral() && z3::eq(*result.undefined, logic_.number(0, after)))
        result.undefined = std::nullopt;
    return {result};
}

Value Execution::select(llvm::SelectInst& select, State& state)
{
    auto const condition = logic_.from_bit(defined(select.getCondition(), state, "a condition"));
    auto const then = value(select.getTrueValue());
    auto const otherwise = value(select.getFalseValue());
    Value result;
    for (std::size_t i = 0; i < then.size(); ++i)
        result.push_back(choose(condition, then[i], otherwise[i]));
    return result;
}

void Execution::record_names(llvm::Instruction& instruction, const State& state)
{
    if (silent_ != 0)
        return;
    for (llvm::DbgVariableRecord& record : llvm::filterDbgVars(instruction.getDbgRecordRange()))
    {
        if (!record.isDbgValue() || record.getNumVariableLocationOps() != 1 ||
            record.getExpression()->getNumElements() != 0)
            continue;
        auto* const what = record.getVariableLocationOp(0);
        if (what == nullptr || (!llvm::isa<llvm::Constant>(what) && !values_.contains(what)) ||
            llvm::isa<llvm::UndefValue>(what) || llvm::isa<llvm::PoisonValue>(what) ||
            !(what->getType()->isIntegerTy() || what->getType()->isPointerTy()))
            continue;
        if (value(what).front().undefined)
            continue;
        auto* const scope = record.getVariable()->getScope()->getSubprogram();
        sightings_.push_back({.name = record.getVariable()->getName().str(),
                              .scope = scope != nullptr ? scope->getName().str() : std::string(),
                              .bits = value(what).front().bits,
                              .path = state.path,
                              .is_pointer = what->getType()->isPointerTy()});
    }
}

} // namespace ovm::compiler::verifier
