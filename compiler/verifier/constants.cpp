#include <llvm/Analysis/ConstantFolding.h>
#include <llvm/IR/Module.h>

#include "execution.hpp"

/// What the module's constants hold.
namespace ovm::compiler::verifier
{

/// What a table of structures holds: a choice between all values of that type in it.
Scalar Execution::load_anywhere(const Target& target, const z3::expr& offset, llvm::Type* type,
                                const llvm::Instruction& at, State& state)
{
    constexpr std::uint64_t most = 1024;
    auto const& table = *target.region;
    auto const size = layout_.stored_size(type);
    if (size == 0 || table.size / size > most)
        refuse("a constant at an address that is not known: " + table.name, &at);
    auto* const content = const_cast<llvm::Constant*>(table.global->getInitializer());
    std::optional<Scalar> result;
    auto found = logic_.negation(target.guard);
    for (std::uint64_t place = 0; place + size <= table.size; place += size)
    {
        auto* const folded = llvm::ConstantFoldLoadFromConst(content, type, llvm::APInt(64, place),
                                                             function_.getParent()->getDataLayout());
        auto* const expression = llvm::dyn_cast_or_null<llvm::ConstantExpr>(folded);
        bool const other_kind = expression != nullptr && expression->isCast(); // a number there, for a pointer
        if (folded == nullptr || llvm::isa<llvm::UndefValue>(folded) || other_kind)
            continue;
        auto const here = logic_.equal(offset, logic_.number(place, 64));
        auto const one = constant(folded).front();
        result = result ? choose(here, one, *result) : one;
        found = logic_.either(found, here);
    }
    if (!result)
        refuse("a constant at an address that is not known: " + table.name, &at);
    ask("constant is read where it holds something else", at, found, state);
    return *result;
}

Scalar Execution::load_constant(const Target& target, const z3::expr& address, llvm::Type* type,
                                const llvm::Instruction& at, State& state)
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
        return number + layout_.stored_size(type) <= target.region->size
                   ? at_offset(number)
                   : constant(llvm::UndefValue::get(type)).front();
    std::uint64_t count = 0;
    std::uint64_t first = 0;
    if (!target.row || !target.row->count.is_numeral_u64(count) || count > 256 || count == 0)
        return load_anywhere(target, offset, type, at, state);
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

} // namespace ovm::compiler::verifier
