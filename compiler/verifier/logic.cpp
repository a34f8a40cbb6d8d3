#include "logic.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

namespace ovm::compiler::verifier
{

namespace
{

/// For two small terms; if they do not do, the terms are taken for different.
constexpr unsigned few_steps = 2'000'000;
/// Constants of the one that do not occur in the other.
constexpr std::size_t few_more = 1;

} // namespace

z3::expr Logic::fresh(const std::string& name, unsigned bits)
{
    return context_.bv_const(numbered(name).c_str(), bits);
}

z3::expr Logic::fresh_truth(const std::string& name)
{
    return context_.bool_const(numbered(name).c_str());
}

z3::sort Logic::array_sort(unsigned bits)
{
    return context_.array_sort(context_.bv_sort(64), context_.bv_sort(bits));
}

z3::expr Logic::fresh_array(const std::string& name, unsigned bits)
{
    return context_.constant(numbered(name).c_str(), array_sort(bits));
}

z3::expr Logic::initial_array(const std::string& name, unsigned bits)
{
    return context_.constant(name.c_str(), array_sort(bits));
}

z3::expr Logic::both(const z3::expr& a, const z3::expr& b)
{
    if (is_true(a) || is_false(b))
        return b;
    if (is_true(b) || is_false(a) || same(a, b))
        return a;
    return a && b;
}

z3::expr Logic::either(const z3::expr& a, const z3::expr& b)
{
    if (is_false(a) || is_true(b))
        return b;
    if (is_false(b) || is_true(a) || same(a, b))
        return a;
    // Two branches that meet again: (p and c) or (p and not c) is p.
    if (a.is_app() && b.is_app() && a.is_and() && b.is_and() && a.num_args() == 2 && b.num_args() == 2 &&
        same(a.arg(0), b.arg(0)) && same(negation(a.arg(1)), b.arg(1)))
        return a.arg(0);
    if (same(negation(a), b))
        return yes_;
    return a || b;
}

z3::expr Logic::negation(const z3::expr& a)
{
    if (is_true(a))
        return no_;
    if (is_false(a))
        return yes_;
    return a.is_app() && a.is_not() ? a.arg(0) : !a;
}

z3::expr Logic::choose(const z3::expr& condition, const z3::expr& then, const z3::expr& otherwise)
{
    if (is_true(condition) || same(then, otherwise))
        return then;
    if (is_false(condition))
        return otherwise;
    if (otherwise.is_app() && otherwise.is_ite() && same(otherwise.arg(0), condition))
        return choose(condition, then, otherwise.arg(2));
    if (then.is_array())
    {
        if (auto const merged = merge(condition, then, otherwise))
            return *merged;
    }
    return z3::ite(condition, then, otherwise);
}

/// Two arrays that are one but for some writes: that one with these writes, of values that depend on the condition.
/// Solvers find it hard to choose between arrays.
std::optional<z3::expr> Logic::merge(const z3::expr& condition, const z3::expr& then, const z3::expr& otherwise)
{
    auto is_store = [](const z3::expr& array) { return array.is_app() && array.decl().decl_kind() == Z3_OP_STORE; };
    std::vector<z3::expr> of_then{then};
    while (is_store(of_then.back()))
        of_then.push_back(of_then.back().arg(0));
    std::vector<z3::expr> of_otherwise{otherwise};
    auto root = of_then.end();
    for (;;)
    {
        root = std::find_if(of_then.begin(), of_then.end(),
                            [&](const z3::expr& array) { return same(array, of_otherwise.back()); });
        if (root != of_then.end())
            break;
        if (!is_store(of_otherwise.back()))
            return std::nullopt;
        of_otherwise.push_back(of_otherwise.back().arg(0));
    }
    auto merged = of_otherwise.back();
    for (auto array = of_otherwise.rbegin() + 1; array != of_otherwise.rend(); ++array)
        merged = write(merged, array->arg(1), choose(condition, read(merged, array->arg(1)), array->arg(2)));
    for (auto array = std::make_reverse_iterator(root); array != of_then.rend(); ++array)
        merged = write(merged, array->arg(1), choose(condition, array->arg(2), read(merged, array->arg(1))));
    return merged;
}

z3::expr Logic::folded(const z3::expr& term)
{
    for (unsigned i = 0; i < term.num_args(); ++i)
    {
        if (!term.arg(i).is_numeral() && !term.arg(i).is_true() && !term.arg(i).is_false())
            return term;
    }
    return term.simplify();
}

z3::expr Logic::add(const z3::expr& a, const z3::expr& b)
{
    if (b.is_numeral() && b.get_numeral_uint64() == 0)
        return a;
    if (a.is_numeral() && a.get_numeral_uint64() == 0)
        return b;
    if (a.is_numeral() && !b.is_numeral())
        return add(b, a);
    if (b.is_numeral() && a.is_app() && a.decl().decl_kind() == Z3_OP_BADD && a.num_args() == 2 &&
        a.arg(1).is_numeral())
        return add(a.arg(0), (a.arg(1) + b).simplify());
    return folded(a + b);
}

std::pair<z3::expr, std::uint64_t> Logic::without_offset(z3::expr address)
{
    std::uint64_t offset = 0;
    while (address.is_app() && address.decl().decl_kind() == Z3_OP_BADD && address.num_args() == 2 &&
           address.arg(1).is_numeral())
    {
        offset += address.arg(1).get_numeral_uint64();
        address = address.arg(0);
    }
    return {address, offset};
}

z3::expr Logic::replaced(z3::expr term, const z3::expr& what, const z3::expr& by)
{
    z3::expr_vector from(context_);
    z3::expr_vector to(context_);
    from.push_back(what);
    to.push_back(by);
    return term.substitute(from, to);
}

std::optional<std::uint64_t> Logic::distance(const z3::expr& a, const z3::expr& b)
{
    if (same(a, b))
        return 0;
    auto const [at, is_new] = distances_.try_emplace({a.id(), b.id()});
    if (is_new)
    {
        kept_.push_back(a);
        kept_.push_back(b);
        auto const difference = (a - b).simplify();
        std::uint64_t value = 0;
        if (difference.is_numeral_u64(value))
            at->second = value;
    }
    return at->second;
}

z3::expr Logic::equal(const z3::expr& a, const z3::expr& b)
{
    if (same(a, b))
        return yes_;
    if (a.is_bv())
    {
        // A number that stands for a truth is compared with another: the truth itself.
        if (b.is_numeral() && a.get_sort().bv_size() <= 64 && a.is_app() && a.is_ite() && a.arg(1).is_numeral() &&
            a.arg(2).is_numeral())
        {
            auto const value = b.get_numeral_uint64();
            if (a.arg(1).get_numeral_uint64() == value && a.arg(2).get_numeral_uint64() != value)
                return a.arg(0);
            if (a.arg(1).get_numeral_uint64() != value && a.arg(2).get_numeral_uint64() == value)
                return negation(a.arg(0));
        }
        if (a.is_numeral() && b.is_numeral())
            return (a == b).simplify();
        if (a.get_sort().bv_size() == 64)
        {
            if (auto const apart = distance(a, b))
                return truth(*apart == 0);
        }
    }
    return a == b;
}

/// Whether two addresses are one. What both are counted from drops out, and so does the size of what they count.
z3::expr Logic::at_one_place(const z3::expr& a, const z3::expr& b)
{
    if (auto const apart = distance(a, b))
        return truth(*apart == 0);
    z3::params parameters(context_);
    parameters.set("mul2concat", true);
    return (a == b).simplify(parameters);
}

z3::expr Logic::read(const z3::expr& array, const z3::expr& at)
{
    auto const found = reads_.find({array.id(), at.id()});
    if (found != reads_.end())
        return found->second;
    kept_.push_back(array);
    kept_.push_back(at);
    auto remember = [&](const z3::expr& value)
    {
        reads_.emplace(std::pair(array.id(), at.id()), value);
        kept_.push_back(value);
        return value;
    };
    if (array.is_app() && array.decl().decl_kind() == Z3_OP_STORE)
        return remember(choose(at_one_place(array.arg(1), at), array.arg(2), read(array.arg(0), at)));
    if (array.is_app() && array.decl().decl_kind() == Z3_OP_CONST_ARRAY)
        return remember(array.arg(0));
    if (array.is_app() && array.is_ite())
        return remember(choose(array.arg(0), read(array.arg(1), at), read(array.arg(2), at)));
    return remember(z3::select(array, at));
}

z3::expr Logic::write(const z3::expr& array, const z3::expr& at, const z3::expr& value)
{
    if (array.is_app() && array.decl().decl_kind() == Z3_OP_STORE && same(array.arg(1), at))
        return z3::store(array.arg(0), at, value);
    return z3::store(array, at, value);
}

namespace
{

std::vector<z3::expr> constants_of(const z3::expr& term)
{
    std::set<unsigned> seen;
    std::vector<z3::expr> found;
    std::vector<z3::expr> left{term};
    while (!left.empty())
    {
        auto const at = left.back();
        left.pop_back();
        if (!seen.insert(at.id()).second || !at.is_app())
            continue;
        if (at.num_args() == 0 && at.decl().decl_kind() == Z3_OP_UNINTERPRETED)
            found.push_back(at);
        for (unsigned i = 0; i < at.num_args(); ++i)
            left.push_back(at.arg(i));
    }
    return found;
}

std::set<unsigned> numbers_of(const std::vector<z3::expr>& terms)
{
    std::set<unsigned> numbers;
    for (auto const& term : terms)
        numbers.insert(term.id());
    return numbers;
}

} // namespace

bool Logic::occurs_since(const z3::expr& term, unsigned mark)
{
    return std::ranges::any_of(constants_of(term),
                               [mark](const z3::expr& constant)
                               {
                                   auto const name = constant.decl().name().str();
                                   auto const end = name.rfind('!');
                                   return end != std::string::npos && std::stoul(name.substr(end + 1)) >= mark;
                               });
}

bool Logic::is_equivalent(const z3::expr& a, const z3::expr& b)
{
    if (same(a, b))
        return true;
    // What was written back as it was leaves its address behind, of which the truth is independent.
    auto of_a = numbers_of(constants_of(a));
    auto of_b = numbers_of(constants_of(b));
    if (of_a.size() < of_b.size())
        std::swap(of_a, of_b);
    if (of_a.size() - of_b.size() > few_more || !std::ranges::includes(of_a, of_b))
        return false;
    auto const differs = a != b;
    // Truths that are not one tend to differ where others did.
    if (std::ranges::any_of(counterexamples_,
                            [&](const z3::model& example) { return example.eval(differs, true).is_true(); }))
        return false;
    auto solver = z3::tactic(context_, "qfaufbv").mk_solver();
    z3::params parameters(context_);
    parameters.set("rlimit", few_steps);
    solver.set(parameters);
    solver.add(differs);
    try
    {
        auto const found = solver.check();
        if (found == z3::sat)
            counterexamples_.push_back(solver.get_model());
        return found == z3::unsat;
    }
    catch (const z3::exception&)
    {
        return false; // it gave up
    }
}

void Logic::denied_in(const z3::expr& term, bool is_denied, std::set<std::pair<unsigned, bool>>& seen,
                      std::set<unsigned>& found)
{
    if (!term.is_app() || !seen.insert({term.id(), is_denied}).second)
        return;
    if (term.is_const())
    {
        if (is_denied && term.is_bool())
            found.insert(term.id());
        return;
    }
    bool const is_plain = term.is_and() || term.is_or();
    bool const is_choice = term.is_ite() && term.is_bool();
    for (unsigned i = 0; i < term.num_args(); ++i)
    {
        bool const is_turned = term.is_not() || (term.is_implies() && i == 0);
        denied_in(term.arg(i), is_denied != is_turned, seen, found);
        if (!is_plain && !term.is_not() && !term.is_implies() && !(is_choice && i > 0))
            denied_in(term.arg(i), !is_denied, seen, found);
    }
}

const std::set<unsigned>& Logic::needed(const z3::expr& term, std::map<unsigned, std::set<unsigned>>& known)
{
    auto const [at, is_new] = known.try_emplace(term.id());
    auto& found = at->second;
    if (!is_new || !term.is_app())
        return found;
    if (term.is_const() && term.is_bool())
        found.insert(term.id());
    for (unsigned i = 0; (term.is_and() || term.is_or()) && i < term.num_args(); ++i)
    {
        auto const& more = needed(term.arg(i), known);
        if (term.is_and() || i == 0)
            found.insert(more.begin(), more.end());
        else
            std::erase_if(found, [&](unsigned one) { return !more.contains(one); });
    }
    return found;
}

bool Logic::mentions(const z3::expr& term, const std::set<unsigned>& numbers, std::map<unsigned, bool>& known)
{
    if (auto const found = known.find(term.id()); found != known.end())
        return found->second;
    bool does = numbers.contains(term.id());
    for (unsigned i = 0; term.is_app() && i < term.num_args() && !does; ++i)
        does = mentions(term.arg(i), numbers, known);
    known[term.id()] = does;
    return does;
}

} // namespace ovm::compiler::verifier
