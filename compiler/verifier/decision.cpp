#include "decision.hpp"

#include <algorithm>
#include <ranges>
#include <set>

#include <llvm/IR/DebugInfoMetadata.h>

#include "proof.hpp"

namespace ovm::compiler::verifier
{

namespace
{

constexpr std::size_t most_values = 16;
constexpr std::uint64_t part_for_examples = 1000; ///< of the effort
constexpr std::uint64_t part_for_many = 4;

} // namespace

Decision::Decision(Logic& logic, Execution& execution, const Options& options, std::string label)
    : logic_(logic), execution_(execution), options_(options), label_(std::move(label))
{
}

/// For what is asked next.
void Decision::take_facts(bool is_of_any)
{
    facts_ = execution_.facts(true, is_of_any);
    plain_examples_.clear();
    if (execution_.speaks_of_every_object())
        plain_facts_ = execution_.facts(false, is_of_any);
}

/// What the functions on the way to that place call by a name.
std::vector<Named_value> Decision::explain(const Question& question, const z3::model& model) const
{
    std::set<std::string> scopes;
    for (const llvm::DILocation* at = question.at.get(); at != nullptr; at = at->getInlinedAt())
    {
        if (auto const* const scope = at->getScope()->getSubprogram();
            scope != nullptr && !at->getFilename().contains("/c++/v1/"))
            scopes.insert(scope->getName().str());
    }
    std::vector<Named_value> values;
    std::set<std::string> named;
    std::map<std::string, char> objects;
    auto const& sightings = execution_.sightings();
    for (auto i = std::min(question.sightings, sightings.size()); i-- > 0 && values.size() < most_values;)
    {
        auto const& sighting = sightings[i];
        bool const is_hidden = sighting.name.empty() || sighting.name == "this" || sighting.name.starts_with("__");
        auto const name = scopes.size() == 1 ? sighting.name : sighting.scope + ": " + sighting.name;
        if (is_hidden || (!scopes.empty() && !scopes.contains(sighting.scope)) || named.contains(name) ||
            !model.eval(sighting.path, true).is_true())
            continue;
        named.insert(name);
        auto const bits = model.eval(sighting.bits, true);
        if (!bits.is_numeral())
            continue;
        auto text = bits.get_decimal_string(0);
        if (sighting.is_pointer)
        {
            auto const letter = objects.try_emplace(text, static_cast<char>('A' + objects.size() % 26)).first->second;
            text = text == "0" ? "null" : std::string("object ") + letter;
        }
        values.push_back({name, text});
    }
    std::reverse(values.begin(), values.end());
    return values;
}

bool Decision::is_true_in_one(const std::vector<z3::model>& examples, const z3::expr& what)
{
    return std::ranges::any_of(examples, [&](const z3::model& example) { return example.eval(what, true).is_true(); });
}

/// As far as is seen without looking into what is said of every object.
bool Decision::is_plainly_possible(const z3::expr& what)
{
    if (plain_facts_.empty())
        return false;
    if (is_true_in_one(plain_examples_, what))
        return true;
    auto formula = plain_facts_;
    formula.push_back(what);
    std::optional<z3::model> example;
    auto const there = ask(formula, &example, options_.effort);
    if (example)
        plain_examples_.push_back(*example);
    return there == Result::possible;
}

Answer Decision::one(const Question& question)
{
    if (question.reachable)
    {
        // Who comes to a function's end came by much else on the way.
        if (is_true_in_one(examples_, question.path))
            return {Verdict::proved};
        std::optional<z3::model> example;
        // An example of many objects that are all linked can be long to find, where proofs are not.
        auto const effort = plain_facts_.empty() ? options_.effort : options_.effort / part_for_examples;
        auto const there = possible(question.path, &example, effort);
        if (example)
            examples_.push_back(*example);
        if (there == Result::possible || (there == Result::unknown && is_plainly_possible(question.path)))
            return {Verdict::proved};
        if (there == Result::unknown)
        {
            ++given_up_;
            return {Verdict::undecided};
        }
        return {possible(question.claims.front(), nullptr, options_.effort) == Result::impossible ? Verdict::proved
                                                                                                  : Verdict::refuted};
    }
    Answer answer{question.claims.empty() ? Verdict::refuted : Verdict::undecided};
    for (auto const& claim : question.claims)
    {
        std::optional<z3::model> model;
        auto const result = possible(logic_.both(question.path, logic_.negation(claim)), &model, options_.effort);
        if (result == Result::impossible)
            return {Verdict::proved};
        if (result == Result::possible)
            answer = {Verdict::refuted, explain(question, *model)};
    }
    given_up_ += answer.verdict == Verdict::undecided;
    return answer;
}

/// Briefly, one example of what fails is enough.
bool Decision::is_enough(const std::vector<Answer>& answers) const
{
    return options_.brief &&
           (given_up_ >= most_given_up || std::ranges::count(answers, Verdict::refuted, &Answer::verdict) != 0);
}

/// Where something is said of many objects, all questions as one may be too much, and half of them not.
std::uint64_t Decision::effort_for(std::size_t questions) const
{
    return questions > 1 && execution_.speaks_of_many() ? options_.effort / part_for_many : options_.effort;
}

std::array<std::vector<std::size_t>, 2> Decision::halves_of(const std::vector<std::size_t>& open)
{
    auto const middle = open.begin() + static_cast<std::ptrdiff_t>(open.size() / 2);
    return {std::vector(open.begin(), middle), std::vector(middle, open.end())};
}

z3::expr Decision::fails(std::size_t index)
{
    auto const& question = execution_.questions()[index];
    return logic_.both(question.path, logic_.negation(question.claims.front()));
}

z3::expr Decision::one_fails(const std::vector<std::size_t>& open)
{
    auto some = logic_.truth(false);
    for (auto const i : open)
        some = logic_.either(some, fails(i));
    return some;
}

/// Loops and callers mostly pass on what is said of every object, and are told what they need of it: so much is proved
/// without looking into it. What is left.
std::vector<std::size_t> Decision::prove_plainly(std::vector<std::size_t> open, std::vector<Answer>& answers)
{
    std::vector<std::size_t> left;
    while (!open.empty())
    {
        auto formula = plain_facts_;
        formula.push_back(one_fails(open));
        std::optional<z3::model> example;
        if (ask(formula, &example, effort_for(open.size())) == Result::impossible)
        {
            for (auto const i : open)
                answers[i] = {Verdict::proved};
            return left;
        }
        auto const is_open = [&](std::size_t i) { return example && example->eval(fails(i), true).is_true(); };
        auto const before = left.size();
        std::ranges::copy_if(open, std::back_inserter(left), is_open);
        if (left.size() == before)
            break;
        std::erase_if(open, is_open);
    }
    // Briefly, what fails is to be found, and that is no matter of these facts.
    if (open.size() < 2 || options_.brief)
        left.insert(left.end(), open.begin(), open.end());
    else
    {
        for (auto& half : halves_of(open))
            std::ranges::copy(prove_plainly(std::move(half), answers), std::back_inserter(left));
    }
    return left;
}

/// Most often everything holds: that is one question. An example of what does not says which, and the rest is one
/// question again.
void Decision::decide_together(std::vector<std::size_t> open, std::vector<Answer>& answers)
{
    auto const& questions = execution_.questions();
    while (!open.empty())
    {
        std::optional<z3::model> example;
        if (possible(one_fails(open), &example, effort_for(open.size())) == Result::impossible)
        {
            for (auto const i : open)
                answers[i] = {Verdict::proved};
            return;
        }
        auto const refuted = [&](std::size_t i)
        {
            if (!example || !example->eval(fails(i), true).is_true())
                return false;
            answers[i] = {Verdict::refuted, explain(questions[i], *example)};
            return true;
        };
        if (std::erase_if(open, refuted) == 0)
            break;
        if (options_.brief)
            return;
    }
    if (open.empty())
        return;
    if (open.size() == 1)
        answers[open.front()] = one(questions[open.front()]);
    else
    {
        for (auto& half : halves_of(open))
        {
            decide_together(std::move(half), answers);
            if (is_enough(answers))
                return;
        }
    }
}

std::vector<Answer> Decision::decide()
{
    execution_.find_examples();
    auto const& questions = execution_.questions();
    std::vector<Answer> answers(questions.size());
    std::vector<std::size_t> simple;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < questions.size(); ++i)
    {
        if (questions[i].assumed)
            answers[i] = {Verdict::assumed};
        else if (questions[i].reachable || questions[i].claims.size() != 1)
            others.push_back(i);
        else
            simple.push_back(i);
    }
    for (bool const is_of_any : {true, false})
    {
        auto const is_now = [&](std::size_t i) { return execution_.is_of_any(questions[i]) == is_of_any; };
        std::vector<std::size_t> now;
        std::ranges::copy_if(simple, std::back_inserter(now), is_now);
        if (now.empty() && std::ranges::none_of(others, is_now))
            continue;
        take_facts(is_of_any);
        if (!plain_facts_.empty())
            now = prove_plainly(std::move(now), answers);
        decide_together(std::move(now), answers);
        if (is_enough(answers))
            return answers;
        for (auto const i : std::views::reverse(others) | std::views::filter(is_now))
        {
            answers[i] = one(questions[i]);
            if (is_enough(answers))
                return answers;
        }
    }
    return answers;
}

} // namespace ovm::compiler::verifier
