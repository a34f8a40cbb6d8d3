#include <llvm/IR/Module.h>

#include "execution.hpp"
#include "markers.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

void Execution::call(llvm::CallBase& call, State& state)
{
    if (is_trap(call))
    {
        ask_trap(call, state);
        state.path = logic_.truth(false);
        return;
    }
    if (marker_call(call, state))
        return;
    if (call.isInlineAsm())
        refuse("inline assembly", &call);
    auto* const callee = call.getCalledFunction();
    if (callee == nullptr)
        refuse("a call through a pointer or of a virtual function", &call);
    if (auto* const known = llvm::dyn_cast<llvm::IntrinsicInst>(&call); known != nullptr && intrinsic(*known, state))
        return;
    if (library_call(call, state))
        return;
    refuse("a call of " + readable(callee->getName().str()) + ", of which nothing is known", &call);
}

bool Execution::marker_call(llvm::CallBase& call, State& state)
{
    if (marker::is_named(call, marker::loop_invariant))
    {
        auto const holds = logic_.from_bit(defined(call.getArgOperand(0), state, "an invariant"));
        if (stage_ == Stage::prove)
            ask("loop invariant", call, holds, state);
        state.path = logic_.both(state.path, holds);
        return true;
    }
    if (marker::is_named(call, marker::variant))
    {
        auto const now = defined(call.getArgOperand(0), state, "a variant");
        if (stage_ == Stage::assume)
            variants_.push_back(now);
        else if (next_variant_ < variants_.size())
            ask("loop does not end", call, z3::ult(now, variants_[next_variant_++]), state, "the variant");
        return true;
    }
    if (marker::is_named(call, marker::guaranteed) || marker::is_named(call, marker::assume))
    {
        auto const before = state.path;
        state.path = logic_.both(state.path, logic_.from_bit(defined(call.getArgOperand(0), state, "an assumption")));
        questions_.push_back({.kind = "vacuity",
                              .text = "what is assumed contradicts itself",
                              .at = call.getDebugLoc(),
                              .reachable = true,
                              .path = state.path,
                              .claims = {before}});
        return true;
    }
    if (marker::is_named(call, marker::modifies))
    {
        allow(call, state);
        return true;
    }
    if (marker::is_named(call, marker::modifies_every))
    {
        allow_every(call);
        return true;
    }
    if (marker::is_named(call, marker::forget_every))
    {
        forget_every(call, state);
        return true;
    }
    if (marker::is_named(call, marker::forget_given))
    {
        forget_given(call, state);
        return true;
    }
    if (marker::is_named(call, marker::forget_range))
    {
        forget_range(call, state);
        return true;
    }
    if (marker::is_named(call, marker::result_into))
    {
        auto const pointer = scalar(call.getArgOperand(0));
        auto* const region = only_target(pointer, call).region;
        if (region == nullptr)
            refuse("a result of a call by contract that is no local", &call);
        forget_local(*region, state);
        return true;
    }
    if (call.getCalledFunction() != nullptr && call.getCalledFunction()->getName().starts_with(marker::result))
    {
        values_[&call] = any_result(call.getType(), call, state);
        return true;
    }
    if (marker::is_named(call, marker::prove))
    {
        ask("class invariant", call, logic_.from_bit(defined(call.getArgOperand(0), state, "an invariant")), state);
        return true;
    }
    if (marker::is_named(call, marker::index))
    {
        auto const index = logic_.fresh("any", 64);
        open_quantified_.insert_or_assign(index.id(), Opened{facts_.size(), logic_.mark(), state.path});
        values_[&call] = {plain(index)};
        return true;
    }
    if (marker::is_named(call, marker::quantified))
    {
        auto const index = scalar(call.getArgOperand(0)).bits;
        auto const limit = defined(call.getArgOperand(1), state, "a limit");
        auto const body = logic_.from_bit(defined(call.getArgOperand(2), state, "a quantified expression"));
        auto const& before = open_quantified_.at(index.id());
        if (logic_.occurs_since(body, before.constants))
            refuse("a quantified expression that does more than look at memory", &call);
        auto const holds = logic_.fresh_truth("for.all");
        quantified_.push_back({holds, index, limit, body, before.facts, facts_.size()});
        // That nothing goes wrong on the way has been asked.
        state.path = before.path;
        values_[&call] = {plain(logic_.to_bit(holds))};
        return true;
    }
    if (marker::is_named(call, marker::some_object))
    {
        auto const spot = hint(&call);
        if (spot.type == nullptr)
            refuse("OVM_MODIFIES_EVERY of no part of its object", &call);
        auto const address = logic_.fresh("some", 64);
        fact(is_object(address));
        values_[&call] = {outside(address, state.path, spot)};
        return true;
    }
    if (marker::is_named(call, marker::any_object))
    {
        auto const spot = hint(&call);
        if (spot.type == nullptr)
            refuse("a quantified expression that does not look at its object", &call);
        auto const address = logic_.fresh("any", 64);
        fact(is_object(address));
        open_quantified_.insert_or_assign(address.id(), Opened{facts_.size(), logic_.mark(), state.path});
        // What is said is the same on every way that leads here: said twice of the same memory, it is one truth.
        state.path = logic_.truth(true);
        values_[&call] = {outside(address, state.path, spot)};
        return true;
    }
    if (marker::is_named(call, marker::every))
    {
        auto const object = scalar(call.getArgOperand(0));
        auto const body = logic_.from_bit(defined(call.getArgOperand(1), state, "a quantified expression"));
        auto const& before = open_quantified_.at(object.bits.id());
        if (logic_.occurs_since(body, before.constants))
            refuse("a quantified expression that does more than look at memory", &call);
        auto const holds = truth_of({.holds = logic_.truth(true),
                                     .index = object.bits,
                                     .limit = logic_.number(0, 64),
                                     .body = body,
                                     .first_fact = before.facts,
                                     .last_fact = facts_.size(),
                                     .object = object.targets->front().object},
                                    state.meetings);
        state.path = before.path;
        values_[&call] = {plain(logic_.to_bit(holds))};
        return true;
    }
    return false;
}

void Execution::overflow(llvm::IntrinsicInst& call)
{
    auto const a = scalar(call.getArgOperand(0));
    auto const b = scalar(call.getArgOperand(1));
    auto const width = a.bits.get_sort().bv_size();
    auto const x = a.bits;
    auto const y = b.bits;
    auto result = x;
    auto good = logic_.truth(true);
    switch (call.getIntrinsicID())
    {
    case llvm::Intrinsic::uadd_with_overflow:
        result = x + y;
        good = z3::ule(x, x + y);
        break;
    case llvm::Intrinsic::usub_with_overflow:
        result = x - y;
        good = z3::ule(y, x);
        break;
    case llvm::Intrinsic::umul_with_overflow:
        result = x * y;
        good = z3::bvmul_no_overflow(x, y, false);
        break;
    case llvm::Intrinsic::sadd_with_overflow:
        result = x + y;
        good = z3::sext(x, 1) + z3::sext(y, 1) == z3::sext(x + y, 1);
        break;
    case llvm::Intrinsic::ssub_with_overflow:
        result = x - y;
        good = z3::sext(x, 1) - z3::sext(y, 1) == z3::sext(x - y, 1);
        break;
    default:
        result = x * y;
        good = z3::bvmul_no_overflow(x, y, true) && z3::bvmul_no_underflow(x, y);
        break;
    }
    // Numbers of half the width: bit-blasting is slow to find out that their product fits.
    auto is_half = [&](const z3::expr& term)
    {
        return term.is_app() && term.decl().decl_kind() == Z3_OP_ZERO_EXT &&
               term.arg(0).get_sort().bv_size() <= width / 2;
    };
    if (call.getIntrinsicID() == llvm::Intrinsic::umul_with_overflow && is_half(x) && is_half(y))
        good = logic_.truth(true);
    if (x.is_numeral() && y.is_numeral())
    {
        result = result.simplify();
        good = good.simplify();
    }
    Scalar value = plain(result);
    value.undefined = smeared(a, &b, width);
    Scalar flag = plain(logic_.to_bit(logic_.negation(good)));
    flag.undefined = smeared(a, &b, 1);
    values_[&call] = {value, flag};
}

bool Execution::intrinsic(llvm::IntrinsicInst& call, State& state)
{
    auto simple = [&](auto make)
    {
        auto const a = scalar(call.getArgOperand(0));
        auto const b = scalar(call.getArgOperand(1));
        Scalar result = plain(make(a.bits, b.bits));
        if (a.bits.is_numeral() && b.bits.is_numeral())
            result.bits = result.bits.simplify();
        result.undefined = smeared(a, &b, result.bits.get_sort().bv_size());
        values_[&call] = {result};
        return true;
    };
    using Term = const z3::expr&;
    switch (call.getIntrinsicID())
    {
    case llvm::Intrinsic::uadd_with_overflow:
    case llvm::Intrinsic::usub_with_overflow:
    case llvm::Intrinsic::umul_with_overflow:
    case llvm::Intrinsic::sadd_with_overflow:
    case llvm::Intrinsic::ssub_with_overflow:
    case llvm::Intrinsic::smul_with_overflow:
        overflow(call);
        return true;
    case llvm::Intrinsic::umin:
        return simple([&](Term a, Term b) { return logic_.choose(z3::ult(a, b), a, b); });
    case llvm::Intrinsic::umax:
        return simple([&](Term a, Term b) { return logic_.choose(z3::ult(a, b), b, a); });
    case llvm::Intrinsic::smin:
        return simple([&](Term a, Term b) { return logic_.choose(a < b, a, b); });
    case llvm::Intrinsic::smax:
        return simple([&](Term a, Term b) { return logic_.choose(a < b, b, a); });
    case llvm::Intrinsic::usub_sat:
        return simple([&](Term a, Term b) { return logic_.choose(z3::ult(a, b), a - a, a - b); });
    case llvm::Intrinsic::uadd_sat:
        return simple([&](Term a, Term b)
                      { return logic_.choose(z3::ult(a + b, a), logic_.ones(a.get_sort().bv_size()), a + b); });
    case llvm::Intrinsic::fshl:
    case llvm::Intrinsic::fshr:
    {
        auto const a = scalar(call.getArgOperand(0));
        auto const b = scalar(call.getArgOperand(1));
        auto const by = scalar(call.getArgOperand(2));
        auto const width = a.bits.get_sort().bv_size();
        if (a.undefined || b.undefined || by.undefined)
            refuse("a funnel shift of what may be undefined", &call);
        auto const both = z3::concat(a.bits, b.bits);
        auto const count = z3::zext(z3::urem(by.bits, logic_.number(width, width)), width);
        values_[&call] = {plain(call.getIntrinsicID() == llvm::Intrinsic::fshl
                                    ? z3::shl(both, count).extract(2 * width - 1, width)
                                    : z3::lshr(both, count).extract(width - 1, 0))};
        return true;
    }
    case llvm::Intrinsic::ctpop:
    case llvm::Intrinsic::ctlz:
    case llvm::Intrinsic::cttz:
    {
        auto const a = scalar(call.getArgOperand(0));
        auto const width = a.bits.get_sort().bv_size();
        auto bit = [&](unsigned i) { return logic_.equal(a.bits.extract(i, i), logic_.number(1, 1)); };
        auto count = logic_.number(call.getIntrinsicID() == llvm::Intrinsic::ctpop ? 0 : width, width);
        for (unsigned i = 0; i < width; ++i)
        {
            if (call.getIntrinsicID() == llvm::Intrinsic::ctpop)
                count = count + z3::zext(a.bits.extract(i, i), width - 1);
            else if (call.getIntrinsicID() == llvm::Intrinsic::ctlz)
                count = logic_.choose(bit(i), logic_.number(width - 1 - i, width), count);
            else
                count = logic_.choose(bit(width - 1 - i), logic_.number(width - 1 - i, width), count);
        }
        if (call.getIntrinsicID() != llvm::Intrinsic::ctpop &&
            llvm::cast<llvm::ConstantInt>(call.getArgOperand(1))->isOne())
            ask("argument of a builtin", call, a.bits != logic_.number(0, width), state);
        Scalar result = plain(a.bits.is_numeral() ? count.simplify() : count);
        result.undefined = smeared(a, nullptr, width);
        values_[&call] = {result};
        return true;
    }
    case llvm::Intrinsic::bswap:
    {
        auto const a = scalar(call.getArgOperand(0));
        auto swapped = [&](const z3::expr& bits)
        {
            auto result = bits.extract(7, 0);
            for (unsigned low = 8; low < bits.get_sort().bv_size(); low += 8)
                result = z3::concat(result, bits.extract(low + 7, low));
            return result;
        };
        Scalar result = plain(swapped(a.bits));
        if (a.undefined)
            result.undefined = swapped(*a.undefined);
        values_[&call] = {result};
        return true;
    }
    case llvm::Intrinsic::expect:
        values_[&call] = value(call.getArgOperand(0));
        return true;
    case llvm::Intrinsic::is_constant:
        values_[&call] = {plain(logic_.fresh("is.constant", 1))};
        return true;
    case llvm::Intrinsic::assume:
        if (call.hasOperandBundles())
            refuse("an assumption about a pointer", &call);
        ask("assumption of the compiler", call, logic_.from_bit(defined(call.getArgOperand(0), state, "an assumption")),
            state);
        return true;
    case llvm::Intrinsic::memcpy:
    case llvm::Intrinsic::memmove:
    case llvm::Intrinsic::memcpy_inline:
        copy(llvm::cast<llvm::MemTransferInst>(call), state);
        return true;
    case llvm::Intrinsic::memset:
        set(llvm::cast<llvm::MemSetInst>(call), state);
        return true;
    case llvm::Intrinsic::lifetime_start:
    case llvm::Intrinsic::lifetime_end:
    {
        auto const pointer = scalar(call.getArgOperand(1));
        if (!pointer.targets || pointer.targets->size() != 1 || pointer.targets->front().region == nullptr)
            refuse("the lifetime of something that is no local", &call);
        auto const* const region = pointer.targets->front().region;
        state.alive.insert_or_assign(region, logic_.truth(call.getIntrinsicID() == llvm::Intrinsic::lifetime_start));
        for (auto* const record : recording_)
            record->lives.insert(region);
        return true;
    }
    case llvm::Intrinsic::dbg_value:
    case llvm::Intrinsic::dbg_declare:
    case llvm::Intrinsic::dbg_label:
    case llvm::Intrinsic::experimental_noalias_scope_decl:
    case llvm::Intrinsic::donothing:
        return true;
    default:
        return false;
    }
}

} // namespace ovm::compiler::verifier
