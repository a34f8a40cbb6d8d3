#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>

#include "execution.hpp"

/// Functions of memory that have no body in the module, and copies whose size is not constant.
namespace ovm::compiler::verifier
{

namespace
{

/// The text that a pointer to the beginning of a constant leads to.
std::optional<std::uint64_t> length_of_constant(const Scalar& pointer)
{
    if (!pointer.targets || pointer.targets->size() != 1)
        return {};
    auto const* const region = pointer.targets->front().region;
    std::uint64_t address = 0;
    if (region == nullptr || region->global == nullptr || !region->global->isConstant() ||
        !region->global->hasDefinitiveInitializer() || !pointer.bits.is_numeral_u64(address) ||
        address != region->address)
        return {};
    auto const* const data = llvm::dyn_cast<llvm::ConstantDataSequential>(region->global->getInitializer());
    if (data == nullptr)
        return region->global->getInitializer()->isNullValue() ? std::optional<std::uint64_t>(0) : std::nullopt;
    if (!data->isCString())
        return {};
    return data->getAsCString().size();
}

} // namespace

bool Execution::library_call(llvm::CallBase& call, State& state)
{
    auto const name = call.getCalledFunction()->getName();
    if (name == "strlen")
    {
        auto const length = length_of_constant(scalar(call.getArgOperand(0)));
        if (!length)
            return false;
        values_[&call] = {plain(logic_.number(*length, 64))};
        return true;
    }
    if (name == "memcmp" || name == "bcmp")
    {
        auto const bytes = defined(call.getArgOperand(2), state, "a length");
        check_range(array_at(call.getArgOperand(0)), bytes, call, state);
        check_range(array_at(call.getArgOperand(1)), bytes, call, state);
        values_[&call] = {plain(logic_.fresh("compared", 32))};
        return true;
    }
    if (name == "memchr")
    {
        auto const bytes = defined(call.getArgOperand(2), state, "a length");
        auto const pointer = array_at(call.getArgOperand(0));
        check_range(pointer, bytes, call, state);
        if (pointer.targets->size() != 1 || pointer.targets->front().row->stride != 1)
            return false;
        // Nowhere, or at one of those bytes.
        auto const found = logic_.fresh_truth("found");
        auto const at = logic_.fresh("at", 64);
        fact(z3::implies(found, z3::ult(at, bytes)));
        auto target = pointer.targets->front();
        target.guard = logic_.both(target.guard, found);
        target.address = logic_.add(target.address, at);
        target.row->index = logic_.add(target.row->index, at);
        Scalar result = plain(logic_.choose(found, logic_.add(pointer.bits, at), logic_.number(0, 64)));
        result.targets = std::make_shared<Targets>(Targets{target});
        values_[&call] = {result};
        return true;
    }
    return false;
}

/// A pointer to an array, or to what holds one at its beginning, as one to its first element.
Scalar Execution::array_at(llvm::Value* operand)
{
    auto pointer = scalar(operand);
    if (!pointer.targets)
        return pointer;
    auto targets = *pointer.targets;
    for (auto& target : targets)
    {
        if (target.row || target.spot.type == nullptr)
            continue;
        auto* const byte = llvm::Type::getInt8Ty(function_.getContext());
        llvm::ArrayType* array = nullptr;
        auto spot = target.spot;
        while (spot.type->isAggregateType() && array == nullptr)
        {
            if (auto* const structure = llvm::dyn_cast<llvm::StructType>(spot.type))
            {
                if (structure->getNumElements() == 0)
                    break;
                spot = layout_.member(structure, 0);
                continue;
            }
            array = llvm::cast<llvm::ArrayType>(spot.type);
            spot = layout_.element(spot);
        }
        if (array == nullptr && spot.type != byte)
            continue;
        target.spot = spot;
        target.row = Row{.element = spot,
                         .base = target.address,
                         .count = logic_.number(array == nullptr ? 1 : array->getNumElements(), 64),
                         .index = logic_.number(0, 64),
                         .stride = layout_.size(spot.type)};
    }
    pointer.targets = std::make_shared<Targets>(std::move(targets));
    return pointer;
}

/// Of what is copied in a number that varies nothing is known afterwards, but that it was set.
void Execution::copy_range(llvm::MemTransferInst& copy, State& state)
{
    auto const bytes = defined(copy.getLength(), state, "a length");
    defined(copy.getDest(), state, "an address");
    defined(copy.getSource(), state, "an address");
    auto const from = array_at(copy.getSource());
    auto const to = array_at(copy.getDest());
    check_range(from, bytes, copy, state);
    check_range(to, bytes, copy, state);
    check_effect(to, bytes, copy, state);
    auto outside_or_constant = [](const Target& target)
    { return target.region == nullptr || target.region->global != nullptr; };
    bool const set = std::all_of(from.targets->begin(), from.targets->end(), outside_or_constant);
    for (auto const& target : *to.targets)
    {
        if (target.region != nullptr && target.region->global != nullptr)
            refuse("a store into a global", &copy);
        if (target.spot.type == nullptr || (target.region != nullptr && target.region->bytes))
            refuse("a copy of variable size into what is no array", &copy);
        for (auto const& cell : cells_at(target, target.address, layout_.size(target.spot.type), copy))
        {
            auto const key = full_key(target, cell);
            if (cell.pointer && target.region != nullptr)
                refuse("a copy of pointers of variable size", &copy);
            auto const width = cell.bytes * 8;
            auto& into = cells(state, target, cell);
            into.values = logic_.fresh_array("copied:" + key, width);
            if (!set)
                into.undefined = logic_.fresh_array("undefined:" + key, width);
            spill(state, key);
            note_write(key, nullptr, !set);
        }
    }
}

} // namespace ovm::compiler::verifier
