#include "execution.hpp"

#include <algorithm>

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/AtomicOrdering.h>

#include "contracts.hpp"
#include "spans.hpp"
#include "traps.hpp"

namespace ovm::compiler::verifier
{

Execution::Execution(Logic& logic, const Prepared& prepared)
    : logic_(logic), prepared_(prepared), function_(*prepared.function),
      layout_(function_.getParent()->getDataLayout()), dominators_(function_), loops_(dominators_)
{
    llvm::ReversePostOrderTraversal<llvm::Function*> traversal(&function_);
    order_.assign(traversal.begin(), traversal.end());
    for (auto& instruction : llvm::instructions(function_))
    {
        auto const* const barrier = llvm::dyn_cast<llvm::FenceInst>(&instruction);
        releases_by_fence_ |= barrier != nullptr && llvm::isReleaseOrStronger(barrier->getOrdering());
    }
    llvm::DebugInfoFinder finder;
    finder.processModule(*function_.getParent());
    for (auto const* const type : finder.types())
    {
        if (auto const* const composite = llvm::dyn_cast<llvm::DICompositeType>(type);
            composite != nullptr && !composite->getIdentifier().empty() && !composite->isForwardDecl())
        {
            classes_[composite->getIdentifier().str()] = composite;
            if (auto const name = class_name(composite->getIdentifier()); !name.empty())
                named_classes_[name] = composite;
        }
    }
}

void Execution::run()
{
    State state{.path = logic_.truth(true)};
    std::vector<std::pair<llvm::Argument*, const llvm::DIType*>> spans;
    for (auto& argument : function_.args())
    {
        auto const* const type = argument.getType();
        if (type->isPointerTy())
        {
            auto const address = logic_.fresh("argument", 64);
            fact(z3::ult(address, logic_.number(first_own_address, 64)));
            if (argument.hasNonNullAttr() || argument.getDereferenceableBytes() != 0)
                fact(address != 0);
            auto const number = argument.getArgNo();
            auto const* const type = number < prepared_.types.size() ? prepared_.types[number] : nullptr;
            auto const spot = declared(type);
            values_[&argument] = {outside(address, state.path, spot.type != nullptr ? spot : hint(&argument))};
            spans.emplace_back(&argument, type);
        }
        else
            values_[&argument] = {plain(logic_.fresh("argument", bits_of(argument.getType())))};
    }
    // A span comes as its two members.
    for (auto const& [argument, type] : spans)
    {
        auto const span = span_of(type);
        bool const has_count = span && !span->count && argument->getArgNo() + 1 < function_.arg_size() &&
                               function_.getArg(argument->getArgNo() + 1)->getType()->isIntegerTy(64);
        if (!span || (!span->count && !has_count))
            continue;
        auto const address = value(argument).front().bits;
        auto const count = span->count ? logic_.number(*span->count, 64)
                                       : value(function_.getArg(argument->getArgNo() + 1)).front().bits;
        values_[argument] = {outside_span(address, count, span->element, state.path)};
    }
    Outcome out;
    Edge begin{.from = nullptr, .to = &function_.getEntryBlock(), .state = state};
    run_level(nullptr, {begin}, nullptr, out);
}

void Execution::fact(const z3::expr& term)
{
    if (!Logic::is_true(term))
        facts_.push_back(term);
}

void Execution::ask(const std::string& kind, const llvm::Instruction& at, const z3::expr& claim, State& state,
                    const std::string& text)
{
    if (Logic::is_true(claim) || Logic::is_false(state.path))
        return;
    if (silent_ == 0)
    {
        questions_.push_back({.kind = kind,
                              .text = text,
                              .at = at.getDebugLoc(),
                              .path = state.path,
                              .claims = {claim},
                              .sightings = sightings_.size()});
    }
    // What was asked holds from here on: if it does not, the question fails.
    state.path = logic_.both(state.path, claim);
}

void Execution::ask_trap(llvm::CallBase& trap, State& state)
{
    if (silent_ != 0 || is_taken_for_granted(trap))
        return;
    Question question{.kind = {}, .at = trap.getDebugLoc(), .path = state.path, .claims = {logic_.truth(false)}};
    question.trap = number_of(trap);
    question.sightings = sightings_.size();
    questions_.push_back(question);
}

void Execution::take_as_assumed(const std::set<int>& traps)
{
    for (auto& question : questions_)
        question.assumed = question.assumed || traps.contains(question.trap);
}

Execution::Snapshot Execution::snapshot() const
{
    return {questions_.size(), facts_.size(), sightings_.size(), quantified_.size(),
            derived_.size(),   terms_.size(), exchanges_.size(), objects_.size()};
}

void Execution::roll_back(const Snapshot& to)
{
    questions_.erase(questions_.begin() + static_cast<std::ptrdiff_t>(to.questions), questions_.end());
    facts_.erase(facts_.begin() + static_cast<std::ptrdiff_t>(to.facts), facts_.end());
    sightings_.erase(sightings_.begin() + static_cast<std::ptrdiff_t>(to.sightings), sightings_.end());
    quantified_.erase(quantified_.begin() + static_cast<std::ptrdiff_t>(to.quantified), quantified_.end());
    derived_.erase(derived_.begin() + static_cast<std::ptrdiff_t>(to.derived), derived_.end());
    terms_.erase(terms_.begin() + static_cast<std::ptrdiff_t>(to.terms), terms_.end());
    exchanges_.erase(exchanges_.begin() + static_cast<std::ptrdiff_t>(to.exchanges), exchanges_.end());
    objects_.erase(objects_.begin() + static_cast<std::ptrdiff_t>(to.objects), objects_.end());
    std::erase_if(forgotten_, [&](auto const& one) { return one.second >= to.derived; });
}

// ---- the paths --------------------------------------------------------------------------------------------------

/// Where ways with different memory meet: whether execution came by the one that is merged into the other. It has a
/// name, so that it is found again in what is said of the memory behind it.
z3::expr Execution::meeting_of(const State& way, State& into)
{
    for (auto const& meeting : way.meetings)
    {
        if (std::ranges::none_of(into.meetings, [&](const auto& one) { return Logic::same(one, meeting); }))
            into.meetings.push_back(meeting);
    }
    auto const came = logic_.fresh_truth("came");
    fact(came == way.path);
    into.meetings.push_back(came);
    return came;
}

State Execution::merge(const std::vector<Edge>& edges)
{
    auto state = edges.front().state;
    for (std::size_t i = 1; i < edges.size(); ++i)
    {
        auto const& other = edges[i].state;
        // A key that one side has never met there has what it had at the beginning.
        for (auto const& [key, cells] : other.memory)
        {
            if (!state.memory.contains(key))
                state.memory.emplace(key, begin_of(state, key));
        }
        std::optional<z3::expr> came;
        for (auto& [key, cells] : state.memory)
        {
            auto const found = other.memory.find(key);
            auto const there = found == other.memory.end() ? begin_of(other, key) : found->second;
            // Locals are nothing that is said of every object.
            bool const is_local = key.starts_with('#');
            if (!came && !is_local && !Logic::same(there.values, cells.values))
                came = meeting_of(other, state);
            cells.values = logic_.choose(came && !is_local ? *came : other.path, there.values, cells.values);
            if (cells.undefined || there.undefined)
            {
                auto const width = widths_.at(key) * 8;
                auto const none = z3::const_array(logic_.context().bv_sort(64), logic_.number(0, width));
                cells.undefined =
                    logic_.choose(other.path, there.undefined.value_or(none), cells.undefined.value_or(none));
            }
        }
        for (auto const& [region, alive] : other.alive)
        {
            auto const [at, is_new] = state.alive.try_emplace(region, logic_.truth(false));
            at->second = logic_.choose(other.path, alive, at->second);
        }
        for (auto& [region, alive] : state.alive)
        {
            if (!other.alive.contains(region))
                alive = logic_.choose(other.path, logic_.truth(false), alive);
        }
        for (auto const range : other.forgotten)
        {
            if (std::find(state.forgotten.begin(), state.forgotten.end(), range) == state.forgotten.end())
                state.forgotten.push_back(range);
        }
        state.spilled.insert(other.spilled.begin(), other.spilled.end());
        state.path = logic_.either(state.path, other.path);
    }
    return state;
}

Value Execution::merge_values(const std::vector<Edge>& edges, std::size_t phi)
{
    auto merged = edges.front().inputs[phi];
    for (std::size_t i = 1; i < edges.size(); ++i)
    {
        auto const& other = edges[i].inputs[phi];
        for (std::size_t part = 0; part < merged.size(); ++part)
            merged[part] = choose(edges[i].state.path, other[part], merged[part]);
    }
    return merged;
}

void Execution::take_phis(const llvm::BasicBlock& block, const std::vector<Edge>& edges)
{
    std::size_t index = 0;
    for (auto const& phi : block.phis())
        values_[&phi] = merge_values(edges, index++);
}

Edge Execution::edge(llvm::BasicBlock& from, llvm::BasicBlock& to, const State& state, const z3::expr& condition)
{
    Edge edge{.from = &from, .to = &to, .state = state};
    edge.state.path = logic_.both(state.path, condition);
    for (auto& phi : to.phis())
        edge.inputs.push_back(value(phi.getIncomingValueForBlock(&from)));
    return edge;
}

void Execution::route(const llvm::Loop* level, Edge edge, std::map<const llvm::BasicBlock*, std::vector<Edge>>& waiting,
                      Outcome& out)
{
    if (Logic::is_false(edge.state.path))
        return;
    if (level != nullptr && edge.to == level->getHeader())
        out.back.push_back(std::move(edge));
    else if (level != nullptr && !level->contains(edge.to))
        out.exits.push_back(std::move(edge));
    else
        waiting[edge.to].push_back(std::move(edge));
}

void Execution::run_level(const llvm::Loop* level, std::vector<Edge> entering, const llvm::BasicBlock* stop,
                          Outcome& out)
{
    std::map<const llvm::BasicBlock*, std::vector<Edge>> waiting;
    for (auto& edge : entering)
        waiting[edge.to].push_back(std::move(edge));
    for (auto* const block : order_)
    {
        auto const found = waiting.find(block);
        if (found == waiting.end())
            continue;
        auto edges = std::move(found->second);
        waiting.erase(found);
        if (block == stop)
        {
            std::move(edges.begin(), edges.end(), std::back_inserter(out.stopped));
            continue;
        }
        auto* inner = loops_.getLoopFor(block);
        while (inner != nullptr && inner != level && inner->getParentLoop() != level)
            inner = inner->getParentLoop();
        if (inner != nullptr && inner != level)
        {
            if (block != inner->getHeader())
                refuse("a loop with several entries", &block->front());
            for (auto& exit : loop(*inner, std::move(edges)))
                route(level, std::move(exit), waiting, out);
            continue;
        }
        auto state = merge(edges);
        take_phis(*block, edges);
        for (auto& next : execute(*block, state))
            route(level, std::move(next), waiting, out);
    }
    if (!waiting.empty())
        refuse("a loop with several entries", &waiting.begin()->first->front());
}

std::vector<Edge> Execution::execute(llvm::BasicBlock& block, State& state)
{
    for (auto& instruction : block)
    {
        record_names(instruction, state);
        if (instruction.isTerminator())
            break;
        if (!llvm::isa<llvm::PHINode>(instruction))
            execute(instruction, state);
        if (Logic::is_false(state.path))
            return {};
    }
    auto* const end = block.getTerminator();
    std::vector<Edge> edges;
    if (auto* const branch = llvm::dyn_cast<llvm::BranchInst>(end))
    {
        if (branch->isUnconditional())
            return {edge(block, *branch->getSuccessor(0), state, logic_.truth(true))};
        auto const taken = logic_.from_bit(defined(branch->getCondition(), state, "a condition"));
        if (branch->getSuccessor(0) == branch->getSuccessor(1))
            return {edge(block, *branch->getSuccessor(0), state, logic_.truth(true))};
        edges.push_back(edge(block, *branch->getSuccessor(0), state, taken));
        edges.push_back(edge(block, *branch->getSuccessor(1), state, logic_.negation(taken)));
        return edges;
    }
    if (auto* const choice = llvm::dyn_cast<llvm::SwitchInst>(end))
    {
        auto const on = defined(choice->getCondition(), state, "a condition");
        std::vector<std::pair<llvm::BasicBlock*, z3::expr>> conditions;
        auto add = [&](llvm::BasicBlock* to, const z3::expr& condition)
        {
            for (auto& [known, when] : conditions)
            {
                if (known == to)
                {
                    when = logic_.either(when, condition);
                    return;
                }
            }
            conditions.emplace_back(to, condition);
        };
        auto otherwise = logic_.truth(true);
        for (auto const& possibility : choice->cases())
        {
            auto const equal = logic_.equal(on, constant(possibility.getCaseValue()).front().bits);
            add(possibility.getCaseSuccessor(), equal);
            otherwise = logic_.both(otherwise, logic_.negation(equal));
        }
        add(choice->getDefaultDest(), otherwise);
        for (auto& [to, condition] : conditions)
            edges.push_back(edge(block, *to, state, condition));
        return edges;
    }
    if (llvm::isa<llvm::UnreachableInst>(end))
    {
        // Behind a trap the path has ended already.
        if (silent_ == 0)
            questions_.push_back({.kind = "unreachable place is reached",
                                  .at = end->getDebugLoc(),
                                  .path = state.path,
                                  .claims = {logic_.truth(false)},
                                  .sightings = sightings_.size()});
        return {};
    }
    if (llvm::isa<llvm::ReturnInst>(end))
    {
        questions_.push_back({.kind = "vacuity",
                              .text = "no path through the function is possible",
                              .at = {},
                              .reachable = true,
                              .path = state.path,
                              .claims = {logic_.truth(true)}});
        return {};
    }
    refuse(std::string("the instruction ") + end->getOpcodeName(), end);
}

} // namespace ovm::compiler::verifier
