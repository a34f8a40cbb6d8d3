#include "spans.hpp"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfoMetadata.h>

#include "execution.hpp"

/// Spans and views. By rule they lead to as many elements as they say: the safe subset makes them of arrays and of
/// other spans only, whose checks are obligations themselves.
namespace ovm::compiler::verifier
{

namespace
{

constexpr std::uint64_t dynamic = ~std::uint64_t{0};

const llvm::DIType* without_names(const llvm::DIType* type)
{
    while (auto const* const derived = llvm::dyn_cast_or_null<llvm::DIDerivedType>(type))
    {
        auto const tag = derived->getTag();
        if (tag != llvm::dwarf::DW_TAG_typedef && tag != llvm::dwarf::DW_TAG_const_type)
            return type;
        type = derived->getBaseType();
    }
    return type;
}

} // namespace

std::optional<Span_type> span_of(const llvm::DIType* type)
{
    auto const* const composite = llvm::dyn_cast_or_null<llvm::DICompositeType>(without_names(type));
    if (composite == nullptr || !composite->getIdentifier().starts_with("_ZTSNSt3__1"))
        return {};
    bool const is_view = composite->getName().starts_with("basic_string_view<");
    auto const parameters = composite->getTemplateParams();
    if ((!is_view && !composite->getName().starts_with("span<")) || parameters.size() != 2)
        return {};
    Span_type span{.element = without_names(parameters[0]->getType())};
    if (is_view)
        return span;
    auto const* const value = llvm::dyn_cast<llvm::DITemplateValueParameter>(parameters[1]);
    auto const* const extent =
        value == nullptr ? nullptr : llvm::mdconst::dyn_extract_or_null<llvm::ConstantInt>(value->getValue());
    if (extent == nullptr)
        return {};
    if (extent->getZExtValue() != dynamic)
        span.count = extent->getZExtValue();
    return span;
}

/// A pointer to the first of `count` elements outside.
Scalar Execution::outside_span(const z3::expr& address, const z3::expr& count, const llvm::DIType* element,
                               const z3::expr& path)
{
    auto& context = function_.getContext();
    Spot spot;
    if (auto const* const composite = llvm::dyn_cast_or_null<llvm::DICompositeType>(element);
        composite != nullptr && composite->getTag() != llvm::dwarf::DW_TAG_enumeration_type)
        spot = {structure_of(composite->getIdentifier().str()), ""};
    else if (auto const* const derived = llvm::dyn_cast_or_null<llvm::DIDerivedType>(element);
             derived != nullptr && derived->getTag() == llvm::dwarf::DW_TAG_pointer_type)
        spot = {llvm::PointerType::get(context, 0), "span of p"};
    else if (element != nullptr && element->getSizeInBits() != 0)
    {
        auto const bits = static_cast<unsigned>(element->getSizeInBits());
        spot = {llvm::IntegerType::get(context, bits), "span of " + std::to_string(bits / 8)};
    }
    auto pointer = outside(address, logic_.truth(true), spot);
    auto& target = const_cast<Target&>(pointer.targets->front());
    auto const stride = spot.type == nullptr ? 0 : layout_.size(spot.type);
    target.span = spot.type == nullptr;
    target.row = Row{.element = spot, .base = address, .count = count, .index = logic_.number(0, 64), .stride = stride};
    // Memory outside ends before the function's own begins, so that a span's end is no address of a local: who is asked
    // for an element of a local that was kept is told so by check_access().
    auto const unit = stride == 0 ? 1 : stride;
    auto const end = logic_.number(first_own_address, 64);
    auto const there = logic_.both(path, z3::ult(address, end));
    fact(z3::implies(there, logic_.either(logic_.equal(count, logic_.number(0, 64)),
                                          logic_.negation(logic_.equal(address, logic_.number(0, 64))))));
    fact(z3::implies(there, z3::ule(count, logic_.number(first_own_address / unit, 64))));
    fact(z3::implies(there, z3::ult(address, end - count * logic_.number(unit, 64))));
    return pointer;
}

/// The span whose beginning is loaded, as the access says, or as the place does: a copy is not told of what.
std::optional<Span_type> Execution::span_at(const llvm::LoadInst& load, const Targets& from) const
{
    auto const* const tag = load.getMetadata(llvm::LLVMContext::MD_tbaa);
    auto const* const base =
        tag == nullptr || tag->getNumOperands() < 3 ? nullptr : llvm::dyn_cast<llvm::MDNode>(tag->getOperand(0));
    auto const* const name =
        base == nullptr || base->getNumOperands() == 0 ? nullptr : llvm::dyn_cast<llvm::MDString>(base->getOperand(0));
    auto const found = name == nullptr ? classes_.end() : classes_.find(name->getString().str());
    if (found != classes_.end())
        return span_of(found->second);
    bool const is_view =
        std::all_of(from.begin(), from.end(), [&](const Target& target)
                    { return layout_.scalar_at(target.spot, 0).leaf == "std::__1::basic_string_view+0"; });
    if (!is_view || from.empty())
        return {};
    // Templates have one name for all: only if there are no views of anything else.
    std::optional<Span_type> view;
    for (auto const& [ignored, type] : classes_)
    {
        if (!type->getName().starts_with("basic_string_view<"))
            continue;
        auto const one = span_of(type);
        if (!one || (view && view->element != one->element))
            return {};
        view = one;
    }
    return view;
}

/// The pointer that was loaded is a span's: its count stands behind it.
void Execution::enter_span(Scalar& pointer, const llvm::LoadInst& load, const Targets& from, State& state)
{
    auto const span = span_at(load, from);
    if (!span || pointer.undefined)
        return;
    std::optional<Scalar> count;
    if (span->count)
        count = plain(logic_.number(*span->count, 64));
    for (auto const& target : from)
    {
        if (span->count)
            break;
        if (target.region != nullptr && target.region->global != nullptr)
            return;
        auto const behind = logic_.number(8, 64);
        auto part = part_of(target, 8);
        part.address = logic_.add(target.address, behind);
        // The pointer stands at its beginning, whatever holds it.
        if (!(target.region != nullptr && target.region->bytes))
        {
            auto const dot = target.spot.leaf.rfind("+0");
            if (target.spot.type == nullptr || target.spot.type->isAggregateType())
            {
                if (part.spot.type == nullptr || !part.spot.type->isIntegerTy(64))
                    return;
            }
            else if (dot == std::string::npos || dot + 2 != target.spot.leaf.size())
                return;
            else
                part.spot = {llvm::Type::getInt64Ty(function_.getContext()), target.spot.leaf.substr(0, dot) + "+8"};
        }
        auto const one = read_bits(part, part.address, 8, load, state);
        count = count ? choose(target.guard, one, *count) : one;
    }
    if (!count || count->undefined)
        return;
    pointer.targets = outside_span(pointer.bits, count->bits, span->element, state.path).targets;
}

/// So many bytes from there on, none at all of what leads nowhere.
void Execution::check_range(const Scalar& pointer, const z3::expr& bytes, const llvm::Instruction& at, State& state)
{
    if (!pointer.targets)
        refuse("an access through a number", &at);
    auto const empty = logic_.equal(bytes, logic_.number(0, 64));
    auto somewhere = empty;
    for (auto const& target : *pointer.targets)
    {
        if (!target.row || target.row->stride == 0)
            refuse("an access of variable size to what is no array", &at);
        auto const& row = *target.row;
        auto const elsewhere = logic_.either(empty, logic_.negation(target.guard));
        somewhere = logic_.either(somewhere, target.guard);
        auto const stride = logic_.number(row.stride, 64);
        auto const elements = row.stride == 1 ? bytes : z3::udiv(bytes, stride);
        auto claim = logic_.both(logic_.folded(z3::ule(row.index, row.count)),
                                 logic_.folded(z3::ule(elements, row.count - row.index)));
        if (row.stride != 1)
            claim = logic_.both(claim, z3::urem(bytes, stride) == logic_.number(0, 64));
        ask("access outside of its array", at, logic_.either(elsewhere, logic_.both(target.inside, claim)), state);
        if (target.region == nullptr)
        {
            ask("access through a null pointer", at,
                logic_.either(elsewhere, logic_.negation(logic_.equal(target.origin, logic_.number(0, 64)))), state);
            continue;
        }
        auto const alive = state.alive.find(target.region);
        if (target.region->global == nullptr)
            ask("access to a local that is gone", at,
                logic_.either(elsewhere, alive == state.alive.end() ? logic_.truth(false) : alive->second), state);
    }
    ask("access through a null pointer", at, somewhere, state);
}

} // namespace ovm::compiler::verifier
