#include <algorithm>

#include "execution.hpp"
#include "markers.hpp"

/// Loops. An invariant stands somewhere in the body, in every turn's way: let it be at the cut. Three executions:
///     the first turn up to the cut, from the state before the loop: the invariant is proved;
///     any turn, of which nothing is known but what the loop does not write, up to the cut: the invariant is assumed,
///         and what can go wrong before the cut is looked at in the other two; then from the cut to the turn's end;
///     the turn after that one up to the cut: the invariant is proved again, and that the variant is smaller.
/// Without an invariant the cut is the beginning of the loop, and the second execution is all.
namespace ovm::compiler::verifier
{

llvm::BasicBlock* Execution::cut_of(const llvm::Loop& loop) const
{
    llvm::BasicBlock* cut = nullptr;
    for (auto* const block : order_)
    {
        if (loops_.getLoopFor(block) != &loop)
            continue;
        for (auto& instruction : *block)
        {
            auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction);
            if (call == nullptr || !marker::is_of_loop(*call))
                continue;
            llvm::SmallVector<llvm::BasicBlock*> latches;
            loop.getLoopLatches(latches);
            for (auto* const latch : latches)
            {
                if (!dominators_.dominates(block, latch))
                    refuse("an invariant that not every turn of its loop comes by", &instruction);
            }
            cut = block->getSingleSuccessor();
        }
    }
    if (cut != nullptr && (!cut->getSinglePredecessor() || loops_.getLoopFor(cut) != &loop))
        refuse("an invariant at the very end of its loop", &cut->front());
    return cut;
}

bool Execution::add(Writes& to, const Writes& more)
{
    bool grown = false;
    for (auto const& [key, writes] : more.keys)
    {
        auto const [at, is_new] = to.keys.try_emplace(key);
        auto& known = at->second;
        grown |= is_new || (writes.all && !known.all) || (writes.undefined && !known.undefined);
        known.all |= writes.all;
        known.undefined |= writes.undefined;
        for (auto const& address : writes.addresses)
        {
            if (std::none_of(known.addresses.begin(), known.addresses.end(),
                             [&](const z3::expr& other) { return z3::eq(other, address); }))
            {
                known.addresses.push_back(address);
                grown |= !known.all;
            }
        }
    }
    grown |= more.forgets && !to.forgets;
    to.forgets |= more.forgets;
    for (auto const* const region : more.lives)
        grown |= to.lives.insert(region).second;
    for (auto const& kind : more.spilled)
        grown |= to.spilled.insert(kind).second;
    return grown;
}

/// What the loop writes may be anything; what a pointer may be is said where it is read.
void Execution::forget(State& state, const Writes& writes)
{
    state.spilled.insert(writes.spilled.begin(), writes.spilled.end());
    if (writes.forgets)
    {
        state.forgotten.push_back(forgotten_ranges_.size());
        forgotten_ranges_.emplace_back(logic_.number(0, 64), logic_.ones(64));
    }
    for (auto const& [key, of_key] : writes.keys)
    {
        auto const width = widths_.at(key) * 8;
        if (!state.memory.contains(key))
            state.memory.emplace(key, begin_of(state, key));
        auto& cells = state.memory.at(key);
        if (of_key.all)
            cells.values = logic_.fresh_array("written:" + key, width);
        else
        {
            for (auto const& address : of_key.addresses)
                cells.values =
                    logic_.write(cells.values, index_of(key, address), logic_.fresh("written:" + key, width));
        }
        if (of_key.undefined)
            cells.undefined = logic_.fresh_array("undefined:" + key, width);
    }
    for (auto const* const region : writes.lives)
        state.alive.insert_or_assign(region, logic_.fresh_truth("alive"));
}

/// Whether the loop decides at its turn's end whether to go on: then there is an element at its beginning.
bool Execution::ends_late(const llvm::PHINode& phi) const
{
    auto const* const loop = loops_.getLoopFor(phi.getParent());
    return !loop->isLoopExiting(phi.getParent()) || loop->getLoopLatch() == phi.getParent();
}

Value Execution::any_turn(llvm::PHINode& phi, const Value& start, bool undefined, const z3::expr& path)
{
    Value any;
    for (auto const& first : start)
    {
        auto const bits = logic_.fresh(phi.hasName() ? phi.getName().str() : "turn", first.bits.get_sort().bv_size());
        auto scalar = plain(bits);
        auto const mask =
            undefined ? std::optional(logic_.fresh("undefined", bits.get_sort().bv_size())) : std::nullopt;
        scalar.undefined = mask;
        if (phi.getType()->isPointerTy())
        {
            if (!first.targets)
                refuse("a pointer of an unknown kind", &phi);
            auto targets = *first.targets;
            if (targets.size() == 1 && !targets.front().row)
                enter_row(targets.front(), first.bits, phi);
            bool const whole =
                std::all_of(targets.begin(), targets.end(), [&](const Target& target)
                            { return target.region == nullptr && !target.row && z3::eq(target.origin, first.bits); });
            if (whole || targets.empty())
            {
                fact(z3::ult(bits, logic_.number(first_own_address, 64)));
                scalar = outside(bits, logic_.truth(true), hint(&phi));
                scalar.undefined = mask;
            }
            else if (targets.size() == 1 && targets.front().row && targets.front().row->stride != 0)
            {
                // A step that leaves the array is refused where it is taken.
                auto target = targets.front();
                auto& row = *target.row;
                row.index = logic_.fresh("index", 64);
                if (ends_late(phi))
                    questions_.push_back({.kind = "pointer leaves its array",
                                          .at = phi.getDebugLoc(),
                                          .path = path,
                                          .claims = {z3::ult(targets.front().row->index, row.count)},
                                          .sightings = sightings_.size()});
                fact(ends_late(phi) ? z3::ult(row.index, row.count) : z3::ule(row.index, row.count));
                if (auto const end = end_of(phi, row); end)
                {
                    questions_.push_back({.kind = "pointer passes its end",
                                          .at = phi.getDebugLoc(),
                                          .path = path,
                                          .claims = {z3::ule(targets.front().row->index, *end)},
                                          .sightings = sightings_.size()});
                    fact(z3::ule(row.index, *end));
                }
                scalar.bits = logic_.add(row.base, row.index * logic_.number(row.stride, 64));
                target.address = scalar.bits;
                scalar.targets = std::make_shared<Targets>(Targets{target});
            }
            else
                refuse("a pointer that walks over memory in a loop", &phi);
        }
        any.push_back(scalar);
    }
    return any;
}

/// A pointer to an array that the loop steps over is one to its first element.
void Execution::enter_row(Target& target, const z3::expr& address, const llvm::PHINode& phi) const
{
    for (auto const* const user : phi.users())
    {
        auto const* const gep = llvm::dyn_cast<llvm::GEPOperator>(user);
        if (gep == nullptr || gep->getNumIndices() != 1 || gep->getPointerOperand() != &phi)
            continue;
        llvm::ArrayType* array = nullptr;
        auto const spot = layout_.descend(target.spot, gep->getSourceElementType(), &array);
        if (spot.type == nullptr || array == nullptr)
            continue;
        target.spot = spot;
        target.row = Row{.element = spot,
                         .base = address,
                         .count = logic_.number(array->getNumElements(), 64),
                         .index = logic_.number(0, 64),
                         .stride = layout_.size(array->getElementType())};
        return;
    }
}

/// The index at which a pointer that goes up by one ends its loop: until then it is not above it.
std::optional<z3::expr> Execution::end_of(const llvm::PHINode& phi, const Row& row)
{
    auto const* const loop = loops_.getLoopFor(phi.getParent());
    std::optional<z3::expr> end;
    bool goes_up = false;
    for (auto* const user : phi.users())
    {
        if (auto const* const gep = llvm::dyn_cast<llvm::GEPOperator>(user);
            gep != nullptr && gep->getNumIndices() == 1 && gep->getPointerOperand() == &phi)
        {
            auto const* const step = llvm::dyn_cast<llvm::ConstantInt>(gep->idx_begin()->get());
            goes_up = goes_up || (step != nullptr && step->isOne());
        }
        auto* const test = llvm::dyn_cast<llvm::ICmpInst>(user);
        if (test == nullptr || !test->isEquality() || !loop->contains(test) || loop->getHeader() != phi.getParent())
            continue;
        auto* const other = test->getOperand(test->getOperand(0) == &phi ? 1 : 0);
        auto* const made = llvm::dyn_cast<llvm::Instruction>(other);
        if (made == nullptr || loop->contains(made) || !values_.contains(made))
            continue;
        auto const targets = value(other).front().targets;
        if (targets && targets->size() == 1 && targets->front().row && z3::eq(targets->front().row->base, row.base))
            end = targets->front().row->index;
    }
    return goes_up ? end : std::nullopt;
}

/// That what was taken for granted of the pointers of any turn holds for the next one's.
void Execution::check_turn(llvm::Loop& loop, const std::vector<Value>& any, const std::vector<Edge>& back,
                           std::set<unsigned>& undefined)
{
    unsigned index = 0;
    for (auto& phi : loop.getHeader()->phis())
    {
        for (auto const& edge : back)
        {
            for (std::size_t part = 0; part < any[index].size(); ++part)
            {
                auto const& now = any[index][part];
                auto const& next = edge.inputs[index][part];
                if (next.undefined && !now.undefined)
                    undefined.insert(index);
                if (!phi.getType()->isPointerTy())
                    continue;
                if (!next.targets)
                    refuse("a pointer of an unknown kind", &phi);
                bool const whole = now.targets->empty() || (!now.targets->front().row);
                for (auto const& target : *next.targets)
                {
                    bool const same_row = !whole && target.row && target.region == now.targets->front().region &&
                                          z3::eq(target.row->base, now.targets->front().row->base) &&
                                          target.row->stride == now.targets->front().row->stride;
                    bool const same_kind =
                        whole && target.region == nullptr && !target.row && z3::eq(target.origin, next.bits);
                    if (!same_row && !same_kind)
                        refuse("a pointer that changes its object in a loop", &phi);
                    if (same_row && ends_late(phi))
                        questions_.push_back({.kind = "pointer leaves its array",
                                              .at = phi.getDebugLoc(),
                                              .path = edge.state.path,
                                              .claims = {z3::ult(target.row->index, target.row->count)},
                                              .sightings = sightings_.size()});
                    auto const end = same_row ? end_of(phi, *target.row) : std::nullopt;
                    if (end)
                        questions_.push_back({.kind = "pointer passes its end",
                                              .at = phi.getDebugLoc(),
                                              .path = edge.state.path,
                                              .claims = {z3::ule(target.row->index, *end)},
                                              .sightings = sightings_.size()});
                }
            }
        }
        ++index;
    }
}

std::vector<Edge> Execution::loop(llvm::Loop& loop, std::vector<Edge> entering)
{
    auto* const header = loop.getHeader();
    auto* const cut = cut_of(loop);
    std::vector<Edge> exits;
    if (cut == nullptr && unrolled(loop, entering, exits))
        return exits;
    auto const outer_stage = stage_;
    auto const outer_variants = std::move(variants_);
    auto const outer_next = next_variant_;
    auto const before = merge(entering);
    std::vector<Value> start;
    std::size_t phis = 0;
    for ([[maybe_unused]] auto& phi : header->phis())
        start.push_back(merge_values(entering, phis++));
    if (cut != nullptr)
    {
        Outcome first;
        stage_ = Stage::prove;
        variants_.clear();
        run_level(&loop, entering, cut, first);
        exits = std::move(first.exits);
    }
    Writes known;
    std::set<unsigned> undefined;
    for (std::size_t i = 0; i < start.size(); ++i)
    {
        for (auto const& part : start[i])
        {
            if (part.undefined)
                undefined.insert(static_cast<unsigned>(i));
        }
    }
    for (;;)
    {
        auto const saved = snapshot();
        auto const mark = logic_.mark();
        Writes writes;
        recording_.push_back(&writes);
        std::vector<Edge> any_exits;
        Edge any{.from = nullptr, .to = header, .state = before};
        forget(any.state, known);
        unsigned index = 0;
        for (auto& phi : header->phis())
        {
            any.inputs.push_back(any_turn(phi, start[index], undefined.contains(index), before.path));
            ++index;
        }
        Outcome body;
        variants_.clear();
        if (cut != nullptr)
        {
            Outcome head;
            stage_ = Stage::assume;
            ++silent_;
            run_level(&loop, {any}, cut, head);
            --silent_;
            if (silent_ == 0)
            {
                auto reached = logic_.truth(false);
                for (auto const& edge : head.stopped)
                    reached = logic_.either(reached, edge.state.path);
                questions_.push_back({.kind = "vacuity",
                                      .text = "the loop's invariants contradict each other",
                                      .at = loop.getStartLoc(),
                                      .reachable = true,
                                      .path = reached,
                                      .claims = {before.path}});
            }
            stage_ = Stage::prove;
            if (!head.stopped.empty())
                run_level(&loop, head.stopped, nullptr, body);
        }
        else
            run_level(&loop, {any}, nullptr, body);
        any_exits = body.exits;
        auto undefined_next = undefined;
        check_turn(loop, any.inputs, body.back, undefined_next);
        bool const measured = !variants_.empty();
        if (!measured)
            ask_end(loop, any.inputs, any.state, known, body.back, saved.exchanges, mark);
        if (cut != nullptr && !body.back.empty())
        {
            Outcome last;
            stage_ = Stage::prove;
            next_variant_ = 0;
            run_level(&loop, body.back, cut, last);
            std::move(last.exits.begin(), last.exits.end(), std::back_inserter(any_exits));
        }
        recording_.pop_back();
        for (auto& [key, of_key] : writes.keys)
        {
            for (auto const& address : of_key.addresses)
                of_key.all = of_key.all || logic_.occurs_since(address, mark);
        }
        bool const grown = add(known, writes);
        if (grown || undefined_next != undefined)
        {
            undefined = undefined_next;
            roll_back(saved);
            continue;
        }
        std::move(any_exits.begin(), any_exits.end(), std::back_inserter(exits));
        break;
    }
    stage_ = outer_stage;
    variants_ = outer_variants;
    next_variant_ = outer_next;
    for (auto* const record : recording_)
        add(*record, known);
    return exits;
}

} // namespace ovm::compiler::verifier
