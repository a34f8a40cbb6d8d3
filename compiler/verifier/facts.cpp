#include "execution.hpp"

/// What is known on every path.
namespace ovm::compiler::verifier
{

std::vector<z3::expr> Execution::facts()
{
    auto all = facts_;
    auto& context = logic_.context();
    auto replaced = [&](z3::expr term, const z3::expr& what, const z3::expr& by)
    {
        z3::expr_vector from(context);
        z3::expr_vector to(context);
        from.push_back(what);
        to.push_back(by);
        return term.substitute(from, to);
    };
    auto addresses = reads_;
    auto index_terms = terms_;
    for (auto const& quantified : quantified_)
        index_terms.push_back(quantified.index);
    for (auto const& quantified : quantified_)
    {
        all.push_back(quantified.holds || (z3::ult(quantified.index, quantified.limit) && !quantified.body));
        std::set<unsigned> seen;
        for (auto const& term : index_terms)
        {
            if (!seen.insert(term.id()).second)
                continue;
            auto const instance = z3::ult(term, quantified.limit);
            all.push_back(z3::implies(quantified.holds && instance, replaced(quantified.body, quantified.index, term)));
            if (Logic::same(term, quantified.index))
                continue;
            for (auto at = quantified.first_fact; at < quantified.last_fact; ++at)
                all.push_back(replaced(facts_[at], quantified.index, term));
            for (auto& [key, list] : addresses)
            {
                for (auto const& address : reads_[key])
                {
                    auto const other = replaced(address, quantified.index, term);
                    if (!Logic::same(other, address))
                        list.push_back(other);
                }
            }
        }
    }
    objects_apart(all);
    for (auto const& [key, list] : arrays_)
    {
        for (std::size_t i = 0; i < list.size(); ++i)
        {
            for (std::size_t j = 0; j < i; ++j)
            {
                auto const& [a, a_size] = list[i];
                auto const& [b, b_size] = list[j];
                if (logic_.distance(a, b))
                    continue;
                all.push_back(a == b ||
                              (z3::uge(a - b, logic_.number(b_size, 64)) && z3::uge(b - a, logic_.number(a_size, 64))));
            }
        }
    }
    // Later arrays are made of earlier ones: their cells ask for cells of those.
    for (auto derived = derived_.rbegin(); derived != derived_.rend(); ++derived)
    {
        std::set<unsigned> seen;
        auto const list = addresses[derived->key];
        for (auto const& address : list)
        {
            if (!seen.insert(address.id()).second)
                continue;
            auto const inside = z3::ult(address - derived->low, derived->size);
            auto value = derived->value;
            if (derived->copied)
            {
                auto const from = address - derived->low + derived->from;
                value = z3::select(derived->source, from);
                addresses[derived->source_key].push_back(from);
            }
            all.push_back(z3::select(derived->array, address) ==
                          z3::ite(inside, value, logic_.read(derived->before, address)));
        }
    }
    return all;
}

} // namespace ovm::compiler::verifier
