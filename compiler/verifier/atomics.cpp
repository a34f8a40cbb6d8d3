#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/Support/AtomicOrdering.h>

#include "execution.hpp"

/// Atomic accesses: to memory that other cores may write at any time.
///     What is read may be anything of its type, whatever was written here before.
///     What is written others may see; here it is a store like any.
///     What acquires may see all that another core has written: all memory outside may be anything from then on.
///     What releases hands over all memory outside to who acquires it: it may be anything from then on, too.
/// How accesses of several cores follow on each other is not looked at, so nothing is proved that depends on it.
namespace ovm::compiler::verifier
{

namespace
{

/// What a read-modify-write leaves behind; nothing: an operation that is not known here.
std::optional<z3::expr> combine(Logic& logic, llvm::AtomicRMWInst::BinOp operation, const z3::expr& old,
                                const z3::expr& operand)
{
    switch (operation)
    {
    case llvm::AtomicRMWInst::Xchg:
        return operand;
    case llvm::AtomicRMWInst::Add:
        return old + operand;
    case llvm::AtomicRMWInst::Sub:
        return old - operand;
    case llvm::AtomicRMWInst::And:
        return old & operand;
    case llvm::AtomicRMWInst::Or:
        return old | operand;
    case llvm::AtomicRMWInst::Xor:
        return old ^ operand;
    case llvm::AtomicRMWInst::UMax:
        return logic.choose(z3::ugt(old, operand), old, operand);
    case llvm::AtomicRMWInst::UMin:
        return logic.choose(z3::ult(old, operand), old, operand);
    default:
        return std::nullopt;
    }
}

/// The library's functions of atomics are templates of the type.
bool is_of_bool(const llvm::Instruction& access)
{
    auto const* const scope = access.getDebugLoc() ? access.getDebugLoc()->getScope()->getSubprogram() : nullptr;
    auto const parameters = scope == nullptr ? nullptr : scope->getTemplateParams();
    if (!parameters || parameters.size() == 0)
        return false;
    auto const* const type = llvm::dyn_cast_or_null<llvm::DIBasicType>(parameters[0]->getType());
    return type != nullptr && type->getEncoding() == llvm::dwarf::DW_ATE_boolean;
}

} // namespace

/// A function that may change only what its contract names must leave its callers no other doubts.
void Execution::others_write(const llvm::Instruction& at, State& state)
{
    if (bounded_)
        ask("change of what the contract does not name", at, logic_.truth(false), state,
            "other cores may write anywhere");
    forget_memory(logic_.number(0, 64), logic_.ones(64), state);
}

/// Before the access: what it finds is newer than what others wrote before.
void Execution::take_over(llvm::AtomicOrdering order, const llvm::Instruction& at, State& state)
{
    if (llvm::isAcquireOrStronger(order))
        others_write(at, state);
}

/// Behind the access. Locals stay: nobody is told where they are.
void Execution::hand_over(llvm::AtomicOrdering order, const llvm::Instruction& at, State& state)
{
    if (llvm::isReleaseOrStronger(order) || releases_by_fence_)
        others_write(at, state);
}

void Execution::fence(llvm::FenceInst& barrier, State& state)
{
    if (llvm::isAcquireOrStronger(barrier.getOrdering()) || llvm::isReleaseOrStronger(barrier.getOrdering()))
        others_write(barrier, state);
}

/// What the access finds there: a number, or a pointer though its type is a number's.
Scalar Execution::find(llvm::Value* place, llvm::Type* type, llvm::Instruction& at, State& state)
{
    auto const size = layout_.size(type);
    if (bits_of(type, &at) != size * 8)
        refuse("an atomic access to a part of a byte", &at);
    defined(place, state, "an address");
    auto const pointer = scalar(place);
    check_access(pointer, size, at, state);
    bool leads = type->isPointerTy();
    bool is_shared = true;
    std::optional<Scalar> found;
    for (auto const& target : *pointer.targets)
    {
        is_shared = is_shared && target.region == nullptr; // nobody else knows of a local
        for (auto const& cell : cells_at(target, target.address, size, at))
        {
            if (cell.many)
                refuse("a value that is a whole array", &at);
            leads = leads || cell.pointer;
            if (target.region == nullptr)
                write(state, target, cell, logic_.add(target.address, logic_.number(cell.offset, 64)),
                      logic_.fresh("met", cell.bytes * 8), std::nullopt);
        }
        auto const one = load_from(target, target.address, type, at, state);
        found = found ? choose(target.guard, one, *found) : one;
    }
    if (!found)
        return constant(llvm::UndefValue::get(type)).front();
    // By rule: others write values of its type.
    if (is_shared && size == 1 && is_of_bool(at))
        fact(z3::implies(state.path, z3::ule(found->bits, logic_.number(1, 8))));
    if (leads)
    {
        auto spot = type->isPointerTy() ? hint(&at) : Spot{};
        for (auto* const user : at.users())
        {
            if (auto* const cast = llvm::dyn_cast<llvm::IntToPtrInst>(user); cast != nullptr && spot.type == nullptr)
                spot = hint(cast);
        }
        found->targets = outside(found->bits, state.path, spot).targets;
    }
    return *found;
}

/// Whether it may be kept as a pointer: the compiler has those of atomics pass as numbers.
bool Execution::may_lead(const Scalar& what)
{
    return what.targets != nullptr || Logic::same(what.bits, logic_.number(0, 64));
}

/// On `condition`, where find() has been.
void Execution::leave(llvm::Value* place, const z3::expr& condition, Scalar what, llvm::Instruction& at, State& state)
{
    auto const pointer = scalar(place);
    auto const size = what.bits.get_sort().bv_size() / 8;
    check_effect(pointer, logic_.number(size, 64), at, state);
    bool const leads = may_lead(what);
    for (auto target : *pointer.targets)
    {
        target.guard = logic_.both(target.guard, condition);
        write_bits(target, target.address, what, leads, at, state);
    }
}

void Execution::atomic_load(llvm::LoadInst& load, State& state)
{
    take_over(load.getOrdering(), load, state);
    values_[&load] = {find(load.getPointerOperand(), load.getType(), load, state)};
}

void Execution::read_modify_write(llvm::AtomicRMWInst& operation, State& state)
{
    if (operation.isVolatile())
        refuse("a volatile access", &operation);
    take_over(operation.getOrdering(), operation, state);
    auto* const place = operation.getPointerOperand();
    auto const old = find(place, operation.getType(), operation, state);
    auto next = scalar(operation.getValOperand());
    if (operation.getOperation() != llvm::AtomicRMWInst::Xchg)
    {
        auto const operand = defined(operation.getValOperand(), state, "an operand");
        auto const bits = combine(logic_, operation.getOperation(), old.bits, operand);
        if (!bits || old.targets)
            refuse("an atomic operation of an unknown kind", &operation);
        next = plain(*bits);
        next.undefined = smeared(old, nullptr, bits->get_sort().bv_size());
    }
    leave(place, logic_.truth(true), next, operation, state);
    hand_over(operation.getOrdering(), operation, state);
    values_[&operation] = {old};
}

void Execution::compare_exchange(llvm::AtomicCmpXchgInst& exchange, State& state)
{
    if (exchange.isVolatile())
        refuse("a volatile access", &exchange);
    take_over(exchange.getMergedOrdering(), exchange, state);
    auto* const place = exchange.getPointerOperand();
    auto const old = find(place, exchange.getCompareOperand()->getType(), exchange, state);
    auto const expected = defined(exchange.getCompareOperand(), state, "what is compared");
    auto equal = logic_.equal(old.bits, expected);
    if (old.undefined)
        ask("value was never set", exchange,
            logic_.equal(*old.undefined, logic_.number(0, old.bits.get_sort().bv_size())), state, "what is compared");
    // A weak one may fail for no reason.
    auto const done = exchange.isWeak() ? logic_.both(equal, logic_.fresh_truth("exchanged")) : equal;
    leave(place, done, scalar(exchange.getNewValOperand()), exchange, state);
    hand_over(exchange.getSuccessOrdering(), exchange, state);
    if (!exchange.isWeak())
        exchanges_.push_back({.path = state.path,
                              .address = scalar(place).bits,
                              .expected = expected,
                              .old = old.bits,
                              .failed = logic_.negation(done)});
    values_[&exchange] = {old, plain(logic_.to_bit(done))};
}

/// That no turn follows on another but where a compare-exchange has failed, and has given the value that the next
/// turn's expects: then another core has written there in the meantime. The loop is free of locks, not of waiting.
void Execution::add_progress_of_others(std::vector<z3::expr>& claims, const std::vector<Value>& any,
                                       const std::vector<Edge>& back, std::size_t first_exchange, unsigned mark)
{
    for (std::size_t i = first_exchange; i < exchanges_.size(); ++i)
    {
        auto const& exchange = exchanges_[i];
        if (logic_.occurs_since(exchange.address, mark))
            continue;
        for (std::size_t phi = 0; phi < any.size(); ++phi)
        {
            if (any[phi].size() != 1 || !z3::eq(any[phi].front().bits, exchange.expected))
                continue;
            auto claim = logic_.truth(true);
            for (auto const& edge : back)
            {
                auto const again =
                    logic_.both(exchange.path, logic_.both(exchange.failed,
                                                           logic_.equal(edge.inputs[phi].front().bits, exchange.old)));
                claim = logic_.both(claim, z3::implies(edge.state.path, again));
            }
            claims.push_back(claim);
        }
    }
}

} // namespace ovm::compiler::verifier
