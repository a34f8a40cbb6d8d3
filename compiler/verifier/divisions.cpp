#include "divisions.hpp"

#include <string>
#include <unordered_set>

namespace ovm::compiler::verifier
{

namespace
{

constexpr unsigned least_width = 32; ///< narrower ones are no matter for a solver

bool is_signed(const z3::expr& term)
{
    auto const kind = term.decl().decl_kind();
    return kind == Z3_OP_BSDIV || kind == Z3_OP_BSDIV_I || kind == Z3_OP_BSREM || kind == Z3_OP_BSREM_I;
}

bool is_quotient(const z3::expr& term)
{
    auto const kind = term.decl().decl_kind();
    return kind == Z3_OP_BUDIV || kind == Z3_OP_BUDIV_I || kind == Z3_OP_BSDIV || kind == Z3_OP_BSDIV_I;
}

bool is_remainder(const z3::expr& term)
{
    auto const kind = term.decl().decl_kind();
    return kind == Z3_OP_BUREM || kind == Z3_OP_BUREM_I || kind == Z3_OP_BSREM || kind == Z3_OP_BSREM_I;
}

/// Every division in these terms, once.
class Collection
{
public:
    void visit(const z3::expr& root)
    {
        std::vector<z3::expr> waiting{root};
        while (!waiting.empty())
        {
            auto const term = waiting.back();
            waiting.pop_back();
            if (!term.is_app() || !seen_.insert(term.id()).second)
                continue;
            if ((is_quotient(term) || is_remainder(term)) && term.get_sort().bv_size() >= least_width)
                divisions_.push_back(term);
            for (unsigned i = 0; i < term.num_args(); ++i)
                waiting.push_back(term.arg(i));
        }
    }

    const std::vector<z3::expr>& divisions() const { return divisions_; }

private:
    std::unordered_set<unsigned> seen_{};
    std::vector<z3::expr> divisions_{};
};

z3::expr is_negative(const z3::expr& number)
{
    return number < 0;
}

/// As an unsigned number: the least one has one, too.
z3::expr magnitude(const z3::expr& number)
{
    return z3::ite(is_negative(number), -number, number);
}

/// True of result = dividend / divisor, or of the remainder, without signs; by zero they are anything here.
z3::expr theorems(const z3::expr& division, const z3::expr& dividend, const z3::expr& divisor, const z3::expr& result)
{
    auto const not_above = z3::ule(result, dividend);
    if (is_remainder(division))
        return z3::implies(divisor != 0, not_above && z3::ult(result, divisor));
    auto const is_none = (result == 0) == z3::ult(dividend, divisor);
    auto const is_less = z3::implies(z3::ugt(divisor, 1) && dividend != 0, z3::ult(result, dividend));
    return z3::implies(divisor != 0, not_above && is_none && is_less);
}

/// A division with signs is one of the magnitudes. The quotient of the least number and -1 is that number again.
z3::expr theorems(const z3::expr& division, const z3::expr& result)
{
    auto const dividend = division.arg(0);
    auto const divisor = division.arg(1);
    if (!is_signed(division))
        return theorems(division, dividend, divisor, result);
    auto const is_below =
        is_remainder(division) ? is_negative(dividend) : is_negative(dividend) != is_negative(divisor);
    auto const has_sign = result == 0 || -result == result || is_negative(result) == is_below;
    return theorems(division, magnitude(dividend), magnitude(divisor), magnitude(result)) &&
           z3::implies(divisor != 0, has_sign);
}

} // namespace

std::vector<z3::expr> without_divisions(const std::vector<z3::expr>& formula)
{
    Collection found;
    for (auto const& term : formula)
        found.visit(term);
    if (found.divisions().empty())
        return {};
    auto& context = formula.front().ctx();
    z3::expr_vector from(context);
    z3::expr_vector to(context);
    std::vector<z3::expr> all = formula;
    for (auto const& division : found.divisions())
    {
        auto const name = "the division " + std::to_string(from.size());
        auto const result = context.bv_const(name.c_str(), division.get_sort().bv_size());
        from.push_back(division);
        to.push_back(result);
        all.push_back(theorems(division, result));
    }
    for (auto& term : all)
        term = term.substitute(from, to);
    return all;
}

} // namespace ovm::compiler::verifier
