#pragma once

#include <array>
#include <cstdint>
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

    Result possible(const z3::expr& what, std::optional<z3::model>* model, std::uint64_t effort);
    static bool is_true_in_one(const std::vector<z3::model>& examples, const z3::expr& what);
    bool is_plainly_possible(const z3::expr& what);
    /// How an answer is looked for.
    enum class Way : std::uint8_t
    {
        search,
        bits,
        bits_reduced, ///< as few as can be, before the search begins
    };
    z3::solver solver_of(z3::context& context, Way way, std::uint64_t effort) const;
    Result answer_of(z3::solver& solver, std::optional<z3::model>* model);
    Result ask_in(z3::context& context, const z3::expr_vector& terms, std::optional<z3::model>* model,
                  std::uint64_t effort);
    Result ask(const std::vector<z3::expr>& formula, std::optional<z3::model>* model, std::uint64_t effort);
    Answer one(const Question& question);
    bool is_enough(const std::vector<Answer>& answers) const;
    void take_facts(bool is_of_any);
    std::uint64_t effort_for(std::size_t questions) const;
    static std::array<std::vector<std::size_t>, 2> halves_of(const std::vector<std::size_t>& open);
    z3::expr fails(std::size_t index);
    z3::expr one_fails(const std::vector<std::size_t>& open);
    std::vector<std::size_t> prove_plainly(std::vector<std::size_t> open, std::vector<Answer>& answers);
    void decide_together(std::vector<std::size_t> open, std::vector<Answer>& answers);
    std::vector<Named_value> explain(const Question& question, const z3::model& model) const;
    bool is_known(const std::string& hash) const;
    void remember(const std::string& hash) const;
    void write(const std::string& text, Result result);

    Logic& logic_;
    Execution& execution_;
    const Options& options_;
    std::string label_;
    std::vector<z3::expr> facts_{};
    std::vector<z3::expr> plain_facts_{};     ///< without instances of what is said of every object
    std::vector<z3::model> examples_{};       ///< each of a way through the function
    std::vector<z3::model> plain_examples_{}; ///< as far as the plain facts say
    unsigned asked_ = 0;
    unsigned known_ = 0;
    unsigned given_up_ = 0;
};

/// What the solver may take for all that is asked at once, from now on.
void limit_memory(unsigned mebibytes);

} // namespace ovm::compiler::verifier
