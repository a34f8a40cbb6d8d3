#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/Module.h>
#include <llvm/TargetParser/Triple.h>

#include "execution.hpp"

/// That loops end.
namespace ovm::compiler::verifier
{

namespace
{

constexpr unsigned most_turns = 9; ///< the last one only finds out that it is over

/// The comparison that a condition is, or the negation of.
llvm::ICmpInst* comparison_in(llvm::Value* condition)
{
    if (auto* const negation = llvm::dyn_cast<llvm::BinaryOperator>(condition);
        negation != nullptr && negation->getOpcode() == llvm::Instruction::Xor)
        condition = negation->getOperand(0);
    return llvm::dyn_cast<llvm::ICmpInst>(condition);
}

} // namespace

/// One of the numbers by which the loop decides whether to go on gets smaller with every turn, or other cores get on.
void Execution::ask_end(llvm::Loop& loop, const std::vector<Value>& any, const State& begin, const Writes& writes,
                        const std::vector<Edge>& back, std::size_t first_exchange, unsigned mark)
{
    if (back.empty() || silent_ != 0)
        return;
    std::vector<z3::expr> numbers;
    llvm::SmallVector<llvm::BasicBlock*> exiting;
    loop.getExitingBlocks(exiting);
    for (auto* const block : exiting)
    {
        auto* const branch = llvm::dyn_cast<llvm::BranchInst>(block->getTerminator());
        auto* const test = branch == nullptr ? nullptr : comparison_in(branch->getCondition());
        if (test == nullptr || !values_.contains(test))
            continue;
        auto const a = value(test->getOperand(0)).front().bits;
        auto const b = value(test->getOperand(1)).front().bits;
        numbers.push_back(b - a);
        numbers.push_back(a - b);
    }
    std::size_t index = 0;
    for (auto& phi : loop.getHeader()->phis())
    {
        if (phi.getType()->isIntegerTy() && phi.getType()->getIntegerBitWidth() > 1)
            numbers.push_back(any[index].front().bits);
        ++index;
    }
    auto& context = logic_.context();
    Question question{.kind = "loop does not end", .at = loop.getStartLoc(), .path = logic_.truth(false)};
    std::vector<z3::expr> others;
    for (auto const& number : numbers)
    {
        // A number that depends on more than the state at the turn's beginning says nothing about the next turn's.
        bool pure = true;
        bool goes_down = true;
        bool stays = false;
        auto claim = logic_.truth(true);
        for (auto const& edge : back)
        {
            z3::expr_vector from(context);
            z3::expr_vector to(context);
            for (std::size_t phi = 0; phi < any.size(); ++phi)
            {
                auto const& now = any[phi].front();
                if (now.targets && !now.targets->empty() && now.targets->front().row)
                {
                    from.push_back(now.targets->front().row->index);
                    to.push_back(edge.inputs[phi].front().targets->front().row->index);
                }
                else
                {
                    from.push_back(now.bits);
                    to.push_back(edge.inputs[phi].front().bits);
                }
            }
            for (auto const& [key, of_key] : writes.keys)
            {
                auto const& now = begin.memory.at(key).values;
                if (of_key.all)
                {
                    from.push_back(now);
                    to.push_back(edge.state.memory.at(key).values);
                    continue;
                }
                for (auto const& address : of_key.addresses)
                {
                    auto const cell = logic_.read(now, index_of(key, address));
                    if (cell.is_const() && !cell.is_numeral())
                    {
                        from.push_back(cell);
                        to.push_back(logic_.read(edge.state.memory.at(key).values, index_of(key, address)));
                    }
                }
            }
            z3::expr measure = number;
            z3::expr_vector nothing(context);
            for (auto const& what : from)
                nothing.push_back(what.is_array()
                                      ? z3::const_array(logic_.context().bv_sort(64),
                                                        logic_.number(0, what.get_sort().array_range().bv_size()))
                                      : logic_.number(0, what.get_sort().bv_size()));
            pure = pure && !logic_.occurs_since(measure.substitute(from, nothing), mark);
            auto const next = measure.substitute(from, to);
            auto const step = logic_.distance(next, number);
            bool const is_less = step && (*step >> (number.get_sort().bv_size() - 1) & 1) != 0;
            goes_down = goes_down && is_less;
            stays = stays || (step && !is_less);
            claim = logic_.both(claim, z3::implies(edge.state.path, z3::ult(next, number)));
        }
        if (pure && goes_down)
            question.claims.push_back(claim);
        else if (pure && !stays)
            others.push_back(claim);
    }
    question.claims.insert(question.claims.end(), others.begin(), others.end());
    add_progress_of_others(question.claims, any, back, first_exchange, mark);
    for (auto const& edge : back)
        question.path = logic_.either(question.path, edge.state.path);
    if (question.claims.empty())
        question.claims.push_back(logic_.truth(false));
    question.sightings = sightings_.size();
    questions_.push_back(question);
}

/// A few turns whose number is a constant are simply executed.
bool Execution::unrolled(llvm::Loop& loop, const std::vector<Edge>& entering, std::vector<Edge>& exits)
{
    llvm::TargetLibraryInfoImpl implementation(llvm::Triple(function_.getParent()->getTargetTriple()));
    llvm::TargetLibraryInfo library(implementation);
    llvm::AssumptionCache assumptions(function_);
    llvm::ScalarEvolution evolution(function_, library, assumptions, dominators_, loops_);
    auto const turns = evolution.getSmallConstantMaxTripCount(&loop);
    if (turns == 0 || turns > most_turns)
        return false;
    auto edges = entering;
    for (unsigned turn = 0; turn <= turns && !edges.empty(); ++turn)
    {
        Outcome out;
        run_level(&loop, edges, nullptr, out);
        std::move(out.exits.begin(), out.exits.end(), std::back_inserter(exits));
        edges = std::move(out.back);
    }
    for (auto& edge : edges)
    {
        if (silent_ == 0)
            questions_.push_back({.kind = "loop does not end",
                                  .at = loop.getStartLoc(),
                                  .path = edge.state.path,
                                  .claims = {logic_.truth(false)},
                                  .sightings = sightings_.size()});
    }
    return true;
}

} // namespace ovm::compiler::verifier
