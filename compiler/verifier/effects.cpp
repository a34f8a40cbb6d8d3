#include "execution.hpp"

/// What a contract lets a function change, and what a call by contract may have changed.
namespace ovm::compiler::verifier
{

namespace
{

/// Cells of these names are read by nobody.
constexpr const char* nowhere = "forgotten";
constexpr std::size_t few_members = 16;

} // namespace

void Execution::allow(llvm::CallBase& call, State& state)
{
    bounded_ = true;
    auto const address = defined(call.getArgOperand(0), state, "an address");
    auto size = defined(call.getArgOperand(1), state, "a size");
    // An interface speaks of the whole object whatever its class.
    if (prepared_.object_size != 0 && function_.arg_size() != 0 &&
        Logic::same(address, value(function_.getArg(0)).front().bits))
        size = logic_.number(prepared_.object_size, 64);
    allowed_.emplace_back(address, size);
}

/// The members there, all of known objects' classes; none if that is not known.
std::vector<Cell> Execution::members_at(const Target& target, const z3::expr& bytes, const llvm::Instruction& at) const
{
    auto const spot = target.spot.type == nullptr ? tagged(at) : target.spot;
    std::vector<Cell> found;
    std::uint64_t size = 0;
    if (target.region != nullptr || target.row || !bytes.is_numeral_u64(size) || !layout_.cells(spot, 0, size, found) ||
        std::ranges::any_of(found, [](const Cell& cell) { return cell.many || !cell.key.contains('+'); }))
        return {};
    return found;
}

void Execution::allow_every(llvm::CallBase& call)
{
    bounded_ = true;
    for (auto const& target : *scalar(call.getArgOperand(0)).targets)
    {
        auto const members = members_at(target, scalar(call.getArgOperand(1)).bits, call);
        if (members.empty())
            refuse("OVM_MODIFIES_EVERY of what is no member", &call);
        for (auto const& member : members)
            allowed_of_every_.insert(member.key);
    }
}

bool Execution::may_change_every(const Target& target, const z3::expr& bytes, const llvm::Instruction& at) const
{
    auto const members = members_at(target, bytes, at);
    return !members.empty() &&
           std::ranges::all_of(members, [&](const Cell& member) { return allowed_of_every_.contains(member.key); });
}

/// That all of these bytes may be changed, as far as they are not the function's own.
void Execution::check_effect(const Scalar& pointer, const z3::expr& bytes, const llvm::Instruction& at, State& state)
{
    if (!bounded_ || !pointer.targets)
        return;
    for (auto const& target : *pointer.targets)
    {
        if (target.region == nullptr && !may_change_every(target, bytes, at))
            ask("change of what the contract does not name", at,
                logic_.either(logic_.negation(target.guard), is_allowed(target.address, bytes)), state);
    }
}

z3::expr Execution::is_allowed(const z3::expr& address, const z3::expr& bytes)
{
    auto allowed = logic_.equal(bytes, logic_.number(0, 64));
    for (auto const& [base, size] : allowed_)
        allowed = logic_.either(allowed, z3::ule(bytes, size) && z3::ule(address - base, size - bytes));
    return allowed;
}

/// What lies there may be anything from now on; size is the largest number for all memory outside.
void Execution::forget_range(llvm::CallBase& call, State& state)
{
    auto const pointer = scalar(call.getArgOperand(0));
    auto const size = defined(call.getArgOperand(1), state, "a size");
    if (bounded_ && size.is_numeral() && size.get_numeral_uint64() == ~std::uint64_t{0})
        ask("change of what the contract does not name", call, logic_.truth(false), state);
    check_effect(pointer, size, call, state);
    // Or a loop that calls what changes nothing would have to say what it never writes.
    if (size.is_numeral() && size.get_numeral_uint64() == 0)
        return;
    if (forget_members(pointer, size, call, state))
        return;
    forget_given(call, state);
    forget_memory(pointer.bits, size, state);
}

/// A few members may be anything: a question is smaller with these than with a range of memory, and what is said of
/// other members stays as it is.
bool Execution::forget_members(const Scalar& pointer, const z3::expr& size, llvm::CallBase& call, State& state)
{
    auto const are_few = [&](const Target& target)
    {
        auto const members = members_at(target, size, call);
        return !members.empty() && members.size() <= few_members;
    };
    if (!pointer.targets || !std::ranges::all_of(*pointer.targets, are_few))
        return false;
    for (auto const& target : *pointer.targets)
    {
        for (auto const& cell : cells_at(target, target.address, size.get_numeral_uint64(), call))
        {
            auto const address = logic_.add(target.address, logic_.number(cell.offset, 64));
            write(state, target, cell, address, logic_.fresh("called:" + cell.key, cell.bytes * 8), std::nullopt);
        }
    }
    return true;
}

void Execution::forget_every(llvm::CallBase& call, State& state)
{
    auto const size = scalar(call.getArgOperand(1)).bits;
    for (auto const& target : *scalar(call.getArgOperand(0)).targets)
    {
        if (members_at(target, size, call).empty())
            refuse("OVM_MODIFIES_EVERY of what is no member", &call);
        if (bounded_ && !may_change_every(target, size, call))
            ask("change of what the contract does not name", call, logic_.truth(false), state);
        for (auto const& cell : cells_at(target, target.address, size.get_numeral_uint64(), call))
        {
            cells(state, target, cell) = {logic_.fresh_array("called:" + cell.key, cell.bytes * 8), std::nullopt};
            spill(state, cell.key);
            note_write(cell.key, nullptr, false);
        }
    }
}

/// The locals that the first argument leads to.
void Execution::forget_given(llvm::CallBase& call, State& state)
{
    auto const pointer = scalar(call.getArgOperand(0));
    if (!pointer.targets)
        return;
    for (auto const& target : *pointer.targets)
    {
        if (target.region != nullptr)
            forget_local(*target.region, state);
    }
}

void Execution::forget_memory(const z3::expr& low, const z3::expr& size, State& state)
{
    auto const number = forgotten_ranges_.size();
    forgotten_ranges_.emplace_back(low, size);
    for (auto& [key, cells] : state.memory)
    {
        if (key.starts_with('#'))
            continue;
        cells.values = forgotten(number, key, cells.values);
        note_write(key, nullptr, false);
    }
    state.forgotten.push_back(number);
    for (auto* const record : recording_)
        record->forgets = true;
}

void Execution::forget_local(Region& region, State& state)
{
    if (region.global != nullptr)
        return;
    region.given = true;
    auto const prefix = "#" + std::to_string(region.number) + " ";
    for (auto& [key, cells] : state.memory)
    {
        if (!key.starts_with(prefix))
            continue;
        cells.values = logic_.fresh_array("result:" + key, widths_.at(key) * 8);
        cells.undefined = std::nullopt;
        note_write(key, nullptr, false);
    }
}

/// The same array for the same range and the same one before.
z3::expr Execution::forgotten(std::size_t range, const std::string& key, const z3::expr& before)
{
    auto const [at, is_new] = forgotten_.try_emplace({range, before.id()}, derived_.size());
    if (is_new)
    {
        auto const width = widths_.at(key) * 8;
        auto const& [low, size] = forgotten_ranges_.at(range);
        derived_.push_back({.array = logic_.fresh_array("called:" + key, width),
                            .key = key,
                            .low = low,
                            .size = size,
                            .before = before,
                            .copied = true,
                            .value = logic_.number(0, width),
                            .source = logic_.fresh_array("forgotten:" + key, width),
                            .source_key = nowhere,
                            .from = low});
    }
    return derived_.at(at->second).array;
}

bool Execution::is_given_a_local(const llvm::Instruction& at)
{
    auto const leads_to_a_local = [this](const llvm::Use& argument)
    {
        auto const targets = argument->getType()->isPointerTy() ? scalar(argument.get()).targets : nullptr;
        return targets && std::ranges::any_of(*targets, [](const auto& target) { return target.region != nullptr; });
    };
    auto const* const call = llvm::dyn_cast<llvm::CallBase>(&at);
    return call != nullptr && std::ranges::any_of(call->args(), leads_to_a_local);
}

/// What a call by contract gives.
Value Execution::any_result(llvm::Type* type, const llvm::Instruction& at, const State& state)
{
    if (auto* const structure = llvm::dyn_cast<llvm::StructType>(type))
    {
        Value parts;
        for (auto* const element : structure->elements())
        {
            auto const part = any_result(element, at, state);
            parts.insert(parts.end(), part.begin(), part.end());
        }
        return parts;
    }
    auto const bits = logic_.fresh("result", bits_of(type, &at));
    if (!type->isPointerTy())
        return {plain(bits)};
    if (is_given_a_local(at))
        refuse("a pointer from a function with a contract that was given a local, which it may lead to", &at);
    fact(z3::ult(bits, logic_.number(first_own_address, 64)));
    return {outside(bits, state.path, hint(const_cast<llvm::Instruction*>(&at)))};
}

} // namespace ovm::compiler::verifier
