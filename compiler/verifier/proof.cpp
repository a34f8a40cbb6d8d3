#include "proof.hpp"

#include <algorithm>
#include <chrono>

#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/InstIterator.h>

#include "archive.hpp"
#include "decision.hpp"
#include "own_module.hpp"
#include "preparation.hpp"
#include "slice.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

namespace
{

void place(Obligation& obligation, const llvm::DebugLoc& at)
{
    if (!at)
        return;
    obligation.file = at->getFilename().str();
    obligation.line = at.getLine();
    obligation.column = at.getCol();
    if (auto* const scope = at->getScope()->getSubprogram())
        obligation.function =
            scope->getLinkageName().empty() ? scope->getName().str() : readable(scope->getLinkageName().str());
    for (auto* outer = at->getInlinedAt(); outer != nullptr; outer = outer->getInlinedAt())
    {
        auto* const scope = outer->getScope()->getSubprogram();
        obligation.called_from.push_back(outer->getFilename().str() + ":" + std::to_string(outer->getLine()) +
                                         (scope != nullptr ? " in " + scope->getName().str() : std::string()));
    }
}

/// The numbers of the traps in these functions, in their order.
std::vector<int> traps_in(const std::vector<llvm::Function*>& functions)
{
    std::vector<int> traps;
    for (auto* const function : functions)
    {
        for (auto& instruction : llvm::instructions(*function))
        {
            if (auto const number = number_of(instruction); number >= 0)
                traps.push_back(number);
        }
    }
    return traps;
}

/// A proof of a slice, in which traps have the numbers of the slice.
class Attempt
{
public:
    Attempt(const std::string& slice, const std::string& entry, const Options& options)
        : own_(slice), traps_(number_traps(*own_.module)), name_(entry), options_(options)
    {
        own_.module->convertToNewDbgValues();
    }

    Proof run(const std::string& recursion)
    {
        auto const in_tree = traps_in(call_tree(*own_.module, name_));
        result_.in_tree.insert(in_tree.begin(), in_tree.end());
        try
        {
            if (!recursion.empty())
                throw Refusal{"recursion: " + recursion + " calls itself"};
            prove();
        }
        catch (const Refusal& refusal)
        {
            refuse(refusal);
        }
        catch (const z3::exception& exception)
        {
            refuse({std::string("the solver: ") + exception.msg()});
        }
        return std::move(result_);
    }

private:
    void prove()
    {
        auto const prepared = prepare(*own_.module, name_);
        is_bound_ = prepared.has_contract;
        Logic logic;
        Execution execution(logic, prepared);
        execution.run();
        auto const entry = readable(name_);
        if (!is_bound_)
            execution.take_as_assumed(preconditions_of(entry));
        auto const& questions = execution.questions();
        Decision decision(logic, execution, options_, name_.substr(0, 80));
        auto const answers = decision.decide();
        result_.asked = decision.asked();
        result_.known = decision.known();
        for (std::size_t i = 0; i < questions.size(); ++i)
            take(questions[i], answers[i], entry);
        // Behind what fails always there is no path: that says nothing about the assumptions.
        auto& all = result_.obligations;
        if (std::any_of(all.begin(), all.end(),
                        [](const Obligation& one) { return one.verdict == Verdict::refuted && one.kind != vacuity; }))
            std::erase_if(all,
                          [](const Obligation& one) { return one.verdict == Verdict::refuted && one.kind == vacuity; });
    }

    /// Their traps.
    std::set<int> preconditions_of(const std::string& entry) const
    {
        std::set<int> found;
        for (std::size_t i = 0; i < traps_.size(); ++i)
        {
            if (traps_[i].kind == "precondition" && traps_[i].function == entry)
                found.insert(static_cast<int>(i));
        }
        return found;
    }

    void take(const Question& question, const Answer& answer, const std::string& entry)
    {
        Obligation obligation;
        obligation.kind = question.kind;
        obligation.text = question.text;
        obligation.entry = entry;
        obligation.trap = question.trap;
        place(obligation, question.at);
        obligation.verdict = answer.verdict;
        obligation.values = answer.values;
        if (question.trap >= 0)
        {
            auto const& trap = traps_.at(static_cast<std::size_t>(question.trap));
            obligation.kind = trap.kind;
            obligation.text = trap.text;
            if (trap.line != 0)
            {
                obligation.file = trap.file;
                obligation.line = trap.line;
                obligation.column = trap.column;
            }
            obligation.function = trap.function;
            // What an entry requires is its caller's duty; the check stays, whoever promises it.
            if (trap.kind == "precondition" && trap.function == entry)
            {
                result_.failed.insert(question.trap);
                if (is_bound_ && obligation.verdict != Verdict::proved)
                    obligation.why = "it requires what its contract, or its interface's, does not require";
            }
            if (obligation.verdict != Verdict::proved)
                result_.failed.insert(question.trap);
        }
        if (obligation.function.empty())
            obligation.function = entry;
        result_.obligations.push_back(std::move(obligation));
    }

    void refuse(const Refusal& refusal)
    {
        Obligation obligation;
        obligation.kind = "unsupported";
        obligation.entry = readable(name_);
        obligation.function = obligation.entry;
        obligation.text = refusal.what;
        obligation.verdict = Verdict::refused;
        obligation.why = "the verifier does not support " + refusal.what + ": nothing of this function is proved";
        if (refusal.at != nullptr)
            place(obligation, refusal.at->getDebugLoc());
        result_.obligations = {obligation};
        result_.failed = result_.in_tree;
    }

    Own_module own_;
    std::vector<Trap> traps_;
    std::string name_;
    const Options& options_;
    bool is_bound_ = false; ///< to a contract that does not stand in it
    Proof result_{};
};

} // namespace

bool Proof::is_good() const
{
    return std::all_of(obligations.begin(), obligations.end(), [](const Obligation& one)
                       { return one.verdict == Verdict::proved || one.verdict == Verdict::assumed; });
}

bool Proof::is_lost() const
{
    return std::ranges::count(obligations, Verdict::undecided, &Obligation::verdict) >= most_given_up ||
           std::any_of(obligations.begin(), obligations.end(), [](const Obligation& one)
                       { return one.verdict == Verdict::refuted || one.verdict == Verdict::refused; });
}

Proof prove(const std::string& bitcode, const std::string& entry, const Options& options)
{
    auto const begin = std::chrono::steady_clock::now();
    Own_module whole(bitcode);
    auto const functions = functions_for(*whole.module, entry);
    // As the whole module numbers them; the slice's are the same ones in the same order, from 0.
    Own_module numbered(bitcode);
    number_traps(*numbered.module);
    auto const numbers = traps_in(functions_for(*numbered.module, entry));
    auto* const function = whole.module->getFunction(entry);
    auto const recursion = function == nullptr ? std::string() : recursion_in(*function);
    auto const part = slice(*whole.module, functions);

    Archive const archive(options.cache);
    auto const key = options.cache.empty() ? std::string() : Archive::key(part, entry, options);
    auto known = options.smtlib.empty() && recursion.empty() ? archive.find(key) : std::nullopt;
    auto proof = known ? std::move(*known) : Attempt(part, entry, options).run(recursion);
    if (!known && recursion.empty())
        archive.keep(key, proof);

    auto const in_whole = [&](int trap) { return trap < 0 ? trap : numbers.at(static_cast<std::size_t>(trap)); };
    auto const all_in_whole = [&](const std::set<int>& traps)
    {
        std::set<int> found;
        for (auto const trap : traps)
            found.insert(in_whole(trap));
        return found;
    };
    proof.in_tree = all_in_whole(proof.in_tree);
    proof.failed = all_in_whole(proof.failed);
    for (auto& obligation : proof.obligations)
        obligation.trap = in_whole(obligation.trap);
    proof.entry.name = readable(entry);
    proof.entry.obligations = static_cast<unsigned>(proof.obligations.size());
    proof.entry.assumed =
        static_cast<unsigned>(std::count_if(proof.obligations.begin(), proof.obligations.end(),
                                            [](const Obligation& one) { return one.verdict == Verdict::assumed; }));
    proof.entry.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return proof;
}

} // namespace ovm::compiler::verifier
