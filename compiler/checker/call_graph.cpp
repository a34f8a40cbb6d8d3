#include "call_graph.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/StmtCXX.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

#include <deque>

namespace ovm::checker
{
namespace
{

using Callees = llvm::SmallVectorImpl<const clang::FunctionDecl*>;
using Open_statements = llvm::SmallVector<const clang::Stmt*, 64>;

/// The declaration that has the body, so that one function is one node.
const clang::FunctionDecl* with_body(const clang::FunctionDecl* function)
{
    const clang::FunctionDecl* definition = nullptr;
    return function != nullptr && function->hasBody(definition) ? definition : nullptr;
}

void add_callee(const clang::FunctionDecl* callee, Callees& callees)
{
    // Immediate functions run in the compiler, which bounds their depth itself.
    if (callee != nullptr && !callee->isImmediateFunction())
    {
        if (const clang::FunctionDecl* body = with_body(callee))
        {
            callees.push_back(body);
        }
    }
}

/// Opens what runs when the statement runs, beside or instead of its children.
/// Returns whether the children are to be opened too.
bool open_parts(const clang::Stmt* statement, const clang::ASTContext& context, Open_statements& open)
{
    if (llvm::isa<clang::UnaryExprOrTypeTraitExpr, clang::CXXNoexceptExpr>(statement))
    {
        return false;
    }
    if (const auto* argument = llvm::dyn_cast<clang::CXXDefaultArgExpr>(statement))
    {
        open.push_back(argument->getExpr());
    }
    else if (const auto* initialiser = llvm::dyn_cast<clang::CXXDefaultInitExpr>(statement))
    {
        open.push_back(initialiser->getExpr());
    }
    else if (const auto* lambda = llvm::dyn_cast<clang::LambdaExpr>(statement))
    {
        // Its body runs when it is called: the call operator is a function of its own.
        for (const clang::Expr* capture : lambda->capture_inits())
        {
            open.push_back(capture);
        }
        return false;
    }
    else if (const auto* branch = llvm::dyn_cast<clang::IfStmt>(statement))
    {
        if (branch->isConstexpr() && !branch->getCond()->isValueDependent())
        {
            open.push_back(branch->getInit());
            if (const auto taken = branch->getNondiscardedCase(context))
            {
                open.push_back(*taken);
            }
            return false;
        }
    }
    return true;
}

/// Adds the functions that a statement calls directly.
void add_calls(const clang::Stmt* first, const clang::ASTContext& context, Callees& callees)
{
    Open_statements open{first};
    while (!open.empty())
    {
        const clang::Stmt* statement = open.pop_back_val();
        if (statement == nullptr)
        {
            continue;
        }
        if (const auto* call = llvm::dyn_cast<clang::CallExpr>(statement))
        {
            add_callee(call->getDirectCallee(), callees);
        }
        else if (const auto* construction = llvm::dyn_cast<clang::CXXConstructExpr>(statement))
        {
            add_callee(construction->getConstructor(), callees);
        }
        if (open_parts(statement, context, open))
        {
            for (const clang::Stmt* child : statement->children())
            {
                open.push_back(child);
            }
        }
    }
}

} // namespace

void Call_graph::add(const clang::FunctionDecl& function)
{
    const clang::FunctionDecl* body = with_body(&function);
    if (body != nullptr && !body->isDependentContext() && !body->isImmediateFunction())
    {
        checked_.push_back(body);
    }
}

void Call_graph::report_cycles()
{
    // By index: the search never adds to the list.
    for (const Function function : checked_)
    {
        if (!nodes_.contains(function))
        {
            search(function);
        }
    }
}

void Call_graph::collect(Function function)
{
    llvm::SmallVector<Function, 8> calls;
    const clang::ASTContext& context = function->getASTContext();
    if (const auto* constructor = llvm::dyn_cast<clang::CXXConstructorDecl>(function))
    {
        for (const clang::CXXCtorInitializer* initialiser : constructor->inits())
        {
            add_calls(initialiser->getInit(), context, calls);
        }
    }
    add_calls(function->getBody(), context, calls);
    Node& node = nodes_[function];
    node.calls = std::move(calls);
    node.index = next_index_;
    node.low = next_index_;
    node.on_stack = true;
    ++next_index_;
    stack_.push_back(function);
}

void Call_graph::search(Function first)
{
    // Tarjan's algorithm with its stack made explicit: call chains of templates are long.
    struct Frame
    {
        Function function;
        size_t next_call;
    };
    llvm::SmallVector<Frame, 64> frames;
    collect(first);
    frames.push_back({first, 0});
    while (!frames.empty())
    {
        Frame& frame = frames.back();
        const Function function = frame.function;
        Node& node = nodes_[function];
        if (frame.next_call < node.calls.size())
        {
            const Function callee = node.calls[frame.next_call];
            ++frame.next_call;
            const auto known = nodes_.find(callee);
            if (known == nodes_.end())
            {
                collect(callee);
                frames.push_back({callee, 0});
            }
            else if (known->second.on_stack)
            {
                node.low = std::min(node.low, known->second.index);
            }
            continue;
        }
        if (node.low == node.index)
        {
            llvm::SmallVector<Function, 8> component;
            do
            {
                component.push_back(stack_.pop_back_val());
                nodes_[component.back()].on_stack = false;
            } while (component.back() != function);
            judge(component);
        }
        const unsigned low = node.low;
        frames.pop_back();
        if (!frames.empty())
        {
            Node& caller = nodes_[frames.back().function];
            caller.low = std::min(caller.low, low);
        }
    }
}

void Call_graph::judge(llvm::ArrayRef<Function> component)
{
    const Function any = component.front();
    if (component.size() == 1 && !llvm::is_contained(nodes_[any].calls, any))
    {
        return;
    }
    // The first that was added: messages do not depend on the order of the search.
    for (const Function function : checked_)
    {
        if (llvm::is_contained(component, function))
        {
            reporter_.report(Rule::recursion, function->getLocation(),
                             "the recursion " + path_of_cycle(function, component));
            return;
        }
    }
}

std::string Call_graph::path_of_cycle(Function start, llvm::ArrayRef<Function> component)
{
    const llvm::DenseSet<Function> inside(component.begin(), component.end());
    llvm::DenseMap<Function, Function> came_from;
    std::deque<Function> open{start};
    while (!open.empty() && !came_from.contains(start))
    {
        const Function caller = open.front();
        open.pop_front();
        for (const Function callee : nodes_[caller].calls)
        {
            if (inside.contains(callee) && came_from.try_emplace(callee, caller).second)
            {
                open.push_back(callee);
            }
        }
    }
    std::string path = "'" + start->getNameAsString() + "'";
    for (Function step = came_from.lookup(start); step != nullptr; step = came_from.lookup(step))
    {
        path.insert(0, "'" + step->getNameAsString() + "' -> ");
        if (step == start)
        {
            break;
        }
    }
    return path;
}

} // namespace ovm::checker
