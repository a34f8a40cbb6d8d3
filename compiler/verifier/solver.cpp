#include <filesystem>
#include <fstream>

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include "decision.hpp"
#include "divisions.hpp"

/// A question to the solver.
namespace ovm::compiler::verifier
{

namespace
{

std::string hash_of(const std::string& text)
{
    llvm::SHA256 hash;
    hash.update(text);
    return llvm::toHex(hash.final(), true);
}

} // namespace

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
/// with nothing left out beforehand, finds these; all else is decided sooner as bits at once. Most of these questions
/// are easy and long: to reduce the bits beforehand, as Z3's own strategy does, takes as long as all else, and gains
/// only where the search is what is long.
z3::solver Decision::solver_of(z3::context& context, Way way, std::uint64_t effort) const
{
    auto const named = [&](const char* name) { return z3::tactic(context, name); };
    z3::params parameters(context);
    parameters.set("rlimit", static_cast<unsigned>(effort));
    parameters.set("max_memory", options_.memory);
    auto tactic = named(way == Way::search ? "smt" : "qfaufbv");
    if (way == Way::search)
        parameters.set("relevancy", 0u);
    if (way == Way::bits)
        tactic = named("simplify") & named("propagate-values") & named("solve-eqs") & named("elim-uncnstr") &
                 named("simplify") & named("max-bv-sharing") & named("ackermannize_bv") &
                 z3::cond(z3::probe(context, "is-qfbv"), named("bit-blast") & named("sat"), named("smt"));
    auto solver = tactic.mk_solver();
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
            {
                auto found = solver.get_model();
                *model = &solver.ctx() == &logic_.context()
                             ? found
                             : z3::model(found, logic_.context(), z3::model::translate());
            }
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
    z3::expr_vector terms(logic_.context());
    for (auto const& term : formula)
        terms.push_back(term);
    // A search among many objects leaves terms behind, and to free them takes a look at all that its context ever had,
    // for each depth that they nest to: it has a context of its own.
    if (!execution_.speaks_of_every_object())
        return ask_in(logic_.context(), terms, model, effort);
    z3::context apart;
    return ask_in(apart, z3::expr_vector(apart, terms), model, effort);
}

Decision::Result Decision::ask_in(z3::context& context, const z3::expr_vector& terms, std::optional<z3::model>* model,
                                  std::uint64_t effort)
{
    auto solver = solver_of(context, execution_.speaks_of_every_object() ? Way::search : Way::bits, effort);
    solver.add(terms);
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
        auto other = solver_of(context, Way::bits_reduced, effort);
        other.add(terms);
        result = answer_of(other, model);
    }
    if (result == Result::impossible)
        remember(hash);
    write(text, result);
    return result;
}

void limit_memory(unsigned mebibytes)
{
    z3::set_param("memory_high_watermark", std::to_string(std::uint64_t{mebibytes} << 20).c_str());
}

std::string solver_version()
{
    return Z3_get_full_version();
}

} // namespace ovm::compiler::verifier
