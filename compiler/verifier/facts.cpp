#include "execution.hpp"

/// What is known on every path.
namespace ovm::compiler::verifier
{

/// An address where an object outside may be.
z3::expr Execution::is_object(const z3::expr& address)
{
    return address != 0 && z3::ult(address, logic_.number(first_own_address, 64));
}

/// Of what is said of every object and is nowhere to be proved, no example of the opposite is looked for: it would be
/// one more object that all the rest is said of. Nor are instances needed of what nobody relies on. Without them a
/// question is harder to prove, never easier.
void Execution::find_examples()
{
    std::map<unsigned, std::set<unsigned>> needed;
    std::set<unsigned> denied;
    std::set<unsigned> relied_on;
    for (auto const& question : questions_)
    {
        if (!speaks_of_every_object() || question.assumed)
            continue;
        std::set<std::pair<unsigned, bool>> seen;
        std::set<unsigned> here;
        Logic::denied_in(question.path, false, seen, here);
        for (auto const& claim : question.claims)
            Logic::denied_in(claim, !question.reachable, seen, here);
        // The guards of pointers repeat the path to them, and are denied in claims.
        for (auto const one : Logic::needed(question.path, needed))
            here.erase(one);
        denied.merge(here);
        // Whether a place can be reached at all is seen without what was proved on the way.
        if (question.reachable)
            continue;
        std::set<std::pair<unsigned, bool>> seen_otherwise;
        Logic::denied_in(question.path, true, seen_otherwise, relied_on);
        for (auto const& claim : question.claims)
            Logic::denied_in(claim, false, seen_otherwise, relied_on);
    }
    for (auto& quantified : quantified_)
    {
        bool const of_index = quantified.object == nullptr;
        quantified.has_example = quantified.links == 0 && (of_index || denied.contains(quantified.holds.id()));
        quantified.is_relied_on = quantified.links == 0 && (of_index || relied_on.contains(quantified.holds.id()));
    }
}

/// What is looked at of all that it is said of, and when it is one of those.
std::vector<std::pair<z3::expr, z3::expr>> Execution::instances_of(const Quantified& quantified,
                                                                   const std::vector<Object>& objects)
{
    std::vector<std::pair<z3::expr, z3::expr>> found;
    if (quantified.object != nullptr)
    {
        for (auto const& object : objects)
        {
            if (Layout::alike(object.type, quantified.object))
                found.emplace_back(object.address, logic_.both(object.path, is_object(object.address)));
        }
        return found;
    }
    auto terms = terms_;
    for (auto const& other : quantified_)
    {
        if (other.object == nullptr)
            terms.push_back(other.index);
    }
    std::set<unsigned> seen;
    for (auto const& term : terms)
    {
        if (seen.insert(term.id()).second)
            found.emplace_back(term, z3::ult(term, quantified.limit));
    }
    return found;
}

/// Whether it is asked of any object of which something is said.
bool Execution::is_of_any(const Question& question) const
{
    std::set<unsigned> any;
    for (auto const& quantified : quantified_)
    {
        if (quantified.object != nullptr)
            any.insert(quantified.index.id());
    }
    std::map<unsigned, bool> known;
    return Logic::mentions(question.path, any, known) ||
           std::ranges::any_of(question.claims,
                               [&](const z3::expr& claim) { return Logic::mentions(claim, any, known); });
}

/// Without instances what is said of every object is a truth that stands for itself. What is known of an object that is
/// an example of nothing helps only what is asked of that.
std::vector<z3::expr> Execution::facts(bool has_instances, bool is_of_any)
{
    std::set<unsigned> dropped;
    for (auto const& quantified : quantified_)
    {
        if (quantified.object != nullptr && quantified.links == 0 && !is_of_any &&
            !(has_instances && quantified.has_example))
            dropped.insert(quantified.index.id());
    }
    std::map<unsigned, bool> known;
    auto const is_dropped = [&](const z3::expr& term) { return Logic::mentions(term, dropped, known); };
    std::vector<z3::expr> all;
    std::ranges::remove_copy_if(facts_, std::back_inserter(all), is_dropped);
    auto addresses = reads_;
    for (auto& [key, list] : addresses)
        std::erase_if(list, is_dropped);
    std::vector<Object> objects;
    std::ranges::remove_copy_if(objects_, std::back_inserter(objects),
                                [&](const Object& object) { return is_dropped(object.address); });
    for (auto const& quantified : quantified_)
    {
        if (quantified.object != nullptr && !has_instances)
            continue;
        auto const among =
            quantified.object != nullptr ? is_object(quantified.index) : z3::ult(quantified.index, quantified.limit);
        if (quantified.has_example)
            all.push_back(quantified.holds || (among && !quantified.body));
        if (!quantified.is_relied_on)
            continue;
        for (auto const& [term, instance] : instances_of(quantified, objects))
        {
            all.push_back(
                z3::implies(quantified.holds && instance, logic_.replaced(quantified.body, quantified.index, term)));
            if (Logic::same(term, quantified.index))
                continue;
            for (auto at = quantified.first_fact; at < quantified.last_fact; ++at)
            {
                auto const about = logic_.replaced(facts_[at], quantified.index, term);
                all.push_back(quantified.object != nullptr ? z3::implies(instance, about) : about);
            }
            for (auto& [key, list] : addresses)
            {
                for (auto const& address : reads_[key])
                {
                    auto const other = logic_.replaced(address, quantified.index, term);
                    if (!Logic::same(other, address))
                        list.push_back(other);
                }
            }
        }
    }
    objects_apart(objects, all);
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
                value = z3::select(derived->source, index_of(derived->source_key, from));
                addresses[derived->source_key].push_back(from);
            }
            auto const index = index_of(derived->key, address);
            all.push_back(z3::select(derived->array, index) ==
                          z3::ite(inside, value, logic_.read(derived->before, index)));
        }
    }
    return all;
}

} // namespace ovm::compiler::verifier
