#pragma once

#include <optional>
#include <string>
#include <vector>

#include "execution.hpp"
#include "verifier.hpp"

namespace ovm::compiler::verifier
{

/// What became of one question.
struct Answer
{
    Verdict verdict = Verdict::undecided;
    std::vector<Named_value> values{};
};

/// Asks the solver. What was proved is kept in a folder under the hash of the question, and not asked again.
class Decision
{
public:
    Decision(Logic& logic, Execution& execution, const Options& options, std::string label);
    std::vector<Answer> decide();

    unsigned asked() const { return asked_; }
    unsigned known() const { return known_; }

private:
    enum class Result
    {
        impossible,
        possible,
        unknown
    };

    Result possible(const z3::expr& what, std::optional<z3::model>* model);
    z3::solver solver_of(bool searches);
    static Result answer_of(z3::solver& solver, std::optional<z3::model>* model);
    Result ask(const std::vector<z3::expr>& formula, std::optional<z3::model>* model);
    Answer one(const Question& question);
    void decide_together(std::vector<std::size_t> open, std::vector<Answer>& answers);
    std::vector<Named_value> explain(const Question& question, const z3::model& model) const;
    bool is_known(const std::string& hash) const;
    void remember(const std::string& hash) const;
    void write(const std::string& text, Result result);

    Logic& logic_;
    Execution& execution_;
    const Options& options_;
    std::string label_;
    std::vector<z3::expr> facts_;
    std::vector<z3::model> examples_{}; ///< each of a way through the function
    unsigned asked_ = 0;
    unsigned known_ = 0;
};

} // namespace ovm::compiler::verifier
