#include "decision.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <set>

#include <llvm/ADT/StringExtras.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/Support/SHA256.h>

#include "divisions.hpp"

namespace ovm::compiler::verifier
{

namespace
{

constexpr std::size_t most_values = 16;
constexpr std::uint64_t part_for_examples = 1000; ///< of the effort
constexpr std::uint64_t part_for_many = 4;

std::string hash_of(const std::string& text)
{
    llvm::SHA256 hash;
    hash.update(text);
    return llvm::toHex(hash.final(), true);
}

} // namespace

Decision::Decision(Logic& logic, Execution& execution, const Options& options, std::string label)
    : logic_(logic), execution_(execution), options_(options), label_(std::move(label))
{
}

/// For what is asked next.
void Decision::take_facts(bool is_of_any)
{
    facts_ = execution_.facts(true, is_of_any);
    if (execution_.speaks_of_every_object())
        plain_facts_ = execution_.facts(false, is_of_any);
}

bool Decision::is_known(const std::string& hash) const
{
    std::error_code error;
    return !options_.cache.empty() && std::filesystem::exists(std::filesystem::path(options_.cache) / hash, error);
}

void Decision::remember(const std::string& hash) const
{
    if (options_.cache.empty())
        return;
    std::error_code error;
    std::filesystem::create_directories(options_.cache, error);
    std::ofstream(std::filesystem::path(options_.cache) / hash) << solver_version() << '\n';
}

/// For a second solver: what this one found stands in the first line.
void Decision::write(const std::string& text, Result result)
{
    if (options_.smtlib.empty() || result == Result::unknown)
        return;
    std::error_code error;
    std::filesystem::create_directories(options_.smtlib, error);
    auto const name = label_ + "-" + std::to_string(asked_) + ".smt2";
    std::ofstream(std::filesystem::path(options_.smtlib) / name)
        << "; expect: " << (result == Result::impossible ? "unsat" : "sat") << "\n(set-logic QF_AUFBV)\n"
        << text;
}

Decision::Result Decision::possible(const z3::expr& what, std::optional<z3::model>* model, std::uint64_t effort)
{
    if (what.is_false())
        return Result::impossible;
    auto formula = facts_;
    formula.push_back(what);
    // Most that is proved needs little of what a division comes to, and a solver can spend hours on its bits.
    if (auto const simpler = without_divisions(formula); !simpler.empty())
    {
        std::optional<z3::model> guess;
        auto const answer = ask(simpler, &guess, effort);
        if (answer == Result::impossible)
            return answer;
        // Values that do not depend on what the divisions come to are good for these, too.
        if (guess && std::all_of(formula.begin(), formula.end(),
                                 [&](const z3::expr& term) { return guess->eval(term, true).is_true(); }))
        {
            if (model != nullptr)
                *model = guess;
            return Result::possible;
        }
    }
    return ask(formula, model, effort);
}

/// What is said of every object is many small instances, of which few matter: a search that looks at what it needs,
/// with nothing left out beforehand, finds these; all else is decided sooner as bits at once.
z3::solver Decision::solver_of(bool searches, std::uint64_t effort)
{
    auto& context = logic_.context();
    z3::params parameters(context);
    parameters.set("rlimit", static_cast<unsigned>(effort));
    if (searches)
    {
        parameters.set("relevancy", 0u);
        auto solver = z3::tactic(context, "smt").mk_solver();
        solver.set(parameters);
        return solver;
    }
    auto solver = z3::tactic(context, "qfaufbv").mk_solver();
    solver.set(parameters);
    return solver;
}

Decision::Result Decision::answer_of(z3::solver& solver, std::optional<z3::model>* model)
{
    try
    {
        auto const answer = solver.check();
        if (answer == z3::unsat)
            return Result::impossible;
        if (answer == z3::sat)
        {
            if (model != nullptr)
                *model = solver.get_model();
            return Result::possible;
        }
    }
    catch (const z3::exception&)
    {
    }
    return Result::unknown;
}

/// Whether all of that can be true at once.
Decision::Result Decision::ask(const std::vector<z3::expr>& formula, std::optional<z3::model>* model,
                               std::uint64_t effort)
{
    auto solver = solver_of(execution_.speaks_of_every_object(), effort);
    for (auto const& term : formula)
        solver.add(term);
    std::string text;
    std::string hash;
    if (!options_.cache.empty() || !options_.smtlib.empty())
    {
        text = solver.to_smt2();
        hash = hash_of(solver_version() + text);
    }
    if (is_known(hash))
    {
        ++known_;
        return Result::impossible;
    }
    ++asked_;
    auto result = answer_of(solver, model);
    if (result == Result::unknown && execution_.speaks_of_every_object())
    {
        auto other = solver_of(false, effort);
        for (auto const& term : formula)
            other.add(term);
        result = answer_of(other, model);
    }
    if (result == Result::impossible)
        remember(hash);
    write(text, result);
    return result;
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

/// As far as is seen without looking into what is said of every object.
bool Decision::is_plainly_possible(const z3::expr& what)
{
    auto formula = plain_facts_;
    formula.push_back(what);
    return !plain_facts_.empty() && ask(formula, nullptr, options_.effort) == Result::possible;
}

Answer Decision::one(const Question& question)
{
    if (question.reachable)
    {
        // Who comes to a function's end came by much else on the way.
        if (std::any_of(examples_.begin(), examples_.end(),
                        [&](const z3::model& example) { return example.eval(question.path, true).is_true(); }))
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
            return {Verdict::undecided};
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
    return answer;
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
    if (open.size() < 2)
        left.insert(left.end(), open.begin(), open.end());
    else
    {
        for (auto& half : halves_of(open))
            std::ranges::copy(prove_plainly(std::move(half), answers), std::back_inserter(left));
    }
    return left;
}

/// Most often everything holds: that is one question. An example of what does not says which, and the rest is one
/// question again. Briefly, the first example is enough.
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
            if (options_.brief && std::ranges::count(answers, Verdict::refuted, &Answer::verdict) != 0)
                return;
        }
    }
}

std::vector<Answer> Decision::decide()
{
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
        for (auto const i : std::views::reverse(others) | std::views::filter(is_now))
        {
            if (options_.brief && std::ranges::count(answers, Verdict::refuted, &Answer::verdict) != 0)
                return answers;
            answers[i] = one(questions[i]);
        }
    }
    return answers;
}

std::string solver_version()
{
    return Z3_get_full_version();
}

} // namespace ovm::compiler::verifier
