#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <z3++.h>

namespace ovm::compiler::verifier
{

/// Terms of the solver, made so that what is constant stays constant and what is equal stays one term.
/// Lifetime: of one entry's proof. Concurrency: one thread.
class Logic
{
public:
    Logic() : yes_(context_.bool_val(true)), no_(context_.bool_val(false)) {}
    Logic(const Logic&) = delete;
    Logic& operator=(const Logic&) = delete;

    z3::context& context() { return context_; }

    z3::expr truth(bool value) { return value ? yes_ : no_; }
    z3::expr number(std::uint64_t value, unsigned bits) { return context_.bv_val(value, bits); }
    z3::expr ones(unsigned bits) { return ~context_.bv_val(0, bits); }
    /// A constant of which nothing is known.
    z3::expr fresh(const std::string& name, unsigned bits);
    z3::expr fresh_truth(const std::string& name);
    z3::expr fresh_array(const std::string& name, unsigned bits);
    /// The same for the same name: what memory holds at the very beginning.
    z3::expr initial_array(const std::string& name, unsigned bits);
    z3::sort array_sort(unsigned bits);

    z3::expr both(const z3::expr& a, const z3::expr& b);
    z3::expr either(const z3::expr& a, const z3::expr& b);
    z3::expr negation(const z3::expr& a);
    z3::expr choose(const z3::expr& condition, const z3::expr& then, const z3::expr& otherwise);
    z3::expr equal(const z3::expr& a, const z3::expr& b);
    z3::expr from_bit(const z3::expr& bit) { return equal(bit, number(1, 1)); }
    z3::expr to_bit(const z3::expr& truth) { return choose(truth, number(1, 1), number(0, 1)); }

    /// The term, as a number if its operands are numbers.
    z3::expr folded(const z3::expr& term);
    z3::expr add(const z3::expr& a, const z3::expr& b);
    /// An address, and the number that is added to it.
    static std::pair<z3::expr, std::uint64_t> without_offset(z3::expr address);
    /// a - b, where that is a number.
    std::optional<std::uint64_t> distance(const z3::expr& a, const z3::expr& b);

    /// The term with one thing in the place of another.
    z3::expr replaced(z3::expr term, const z3::expr& what, const z3::expr& by);

    z3::expr read(const z3::expr& array, const z3::expr& at);
    z3::expr write(const z3::expr& array, const z3::expr& at, const z3::expr& value);

    static bool is_true(const z3::expr& a) { return a.is_true(); }
    static bool is_false(const z3::expr& a) { return a.is_false(); }
    static bool same(const z3::expr& a, const z3::expr& b) { return z3::eq(a, b); }

    /// Whether two truths are one, as far as a quick look tells.
    bool is_equivalent(const z3::expr& a, const z3::expr& b);

    /// Whether a constant that was made at or after this mark occurs in the term.
    unsigned mark() const { return made_; }
    bool occurs_since(const z3::expr& term, unsigned mark);

    /// Constants that are truths and whose being false may help the term to be true; or, if it is denied, to be false.
    static void denied_in(const z3::expr& term, bool is_denied, std::set<std::pair<unsigned, bool>>& seen,
                          std::set<unsigned>& found);
    /// Constants that are truths and without which the term cannot be true; `known` keeps what was found out.
    static const std::set<unsigned>& needed(const z3::expr& term, std::map<unsigned, std::set<unsigned>>& known);
    /// Whether one of the terms with these numbers occurs in the term; `known` keeps what was found out.
    static bool mentions(const z3::expr& term, const std::set<unsigned>& numbers, std::map<unsigned, bool>& known);

private:
    std::optional<z3::expr> merge(const z3::expr& condition, const z3::expr& then, const z3::expr& otherwise);
    z3::expr at_one_place(const z3::expr& a, const z3::expr& b);
    /// A name of its own, and one of SMT-LIB's, whose own begin as the compiler's without a name do.
    std::string numbered(const std::string& name)
    {
        return (name.starts_with('.') ? "value" : "") + name + "!" + std::to_string(made_++);
    }

    z3::context context_;
    z3::expr yes_;
    z3::expr no_;
    unsigned made_ = 0;
    std::map<std::pair<unsigned, unsigned>, std::optional<std::uint64_t>> distances_;
    std::map<std::pair<unsigned, unsigned>, z3::expr> reads_;
    std::vector<z3::expr> kept_; ///< terms whose numbers the tables hold must not be freed
    std::vector<z3::model> counterexamples_;
};

} // namespace ovm::compiler::verifier
