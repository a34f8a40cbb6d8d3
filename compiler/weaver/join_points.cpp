#include "join_points.hpp"

#include "body.hpp"
#include "facts.hpp"
#include "glob.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/ExprCXX.h"
#include "clang/AST/StmtCXX.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <utility>

namespace ovm::compiler
{

Join_points::Join_points(clang::ASTContext& context, const Aspect_set& aspects, Weaving& weaving)
    : context_(context), aspects_(aspects), weaving_(weaving)
{
    calls_are_asked_for_ =
        std::ranges::any_of(aspects.advice(), [](const Advice& each) { return each.pointcut.asks_for_calls(); });
}

bool Join_points::TraverseDecl(clang::Decl* declaration)
{
    if (declaration == nullptr || declaration->isImplicit())
    {
        return true;
    }
    if (!llvm::isa<clang::TranslationUnitDecl>(declaration) &&
        context_.getSourceManager().isInSystemHeader(declaration->getLocation()))
    {
        return true;
    }
    if (const auto* space = llvm::dyn_cast<clang::NamespaceDecl>(declaration);
        space && full_name(*space) == "ovm::weave")
    {
        return true;
    }
    if (const auto* record = llvm::dyn_cast<clang::CXXRecordDecl>(declaration);
        record && !annotation(*record, "ovm::aspect").empty())
    {
        return true;
    }
    const auto restore = llvm::make_scope_exit([this, within = within_, constant = in_constant_]
                                               { std::tie(within_, in_constant_) = std::pair(within, constant); });
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(declaration))
    {
        within_ = function;
        in_constant_ = function->isConsteval();
    }
    else if (const auto* variable = llvm::dyn_cast<clang::VarDecl>(declaration))
    {
        in_constant_ = in_constant_ || variable->isConstexpr();
    }
    else if (llvm::isa<clang::CXXRecordDecl>(declaration))
    {
        within_ = nullptr;
    }
    return RecursiveASTVisitor::TraverseDecl(declaration);
}

bool Join_points::TraverseConstantExpr(clang::ConstantExpr* expression)
{
    const bool constant = std::exchange(in_constant_, true);
    const bool result = RecursiveASTVisitor::TraverseConstantExpr(expression);
    in_constant_ = constant;
    return result;
}

std::vector<const Advice*> Join_points::matching(const Facts& facts, bool calls) const
{
    std::vector<const Advice*> found;
    for (const Advice& advice : aspects_.advice())
    {
        if ((!calls || advice.pointcut.asks_for_calls()) && advice.pointcut.matches(facts))
        {
            found.push_back(&advice);
        }
    }
    return found;
}

bool Join_points::VisitFunctionDecl(clang::FunctionDecl* function)
{
    if (!function->doesThisDeclarationHaveABody() || function->isDefaulted() || function->isDeleted())
    {
        return true;
    }
    const Facts facts = facts_of(*function);
    auto chosen = matching(facts, false);
    if (chosen.empty())
    {
        return true;
    }
    bool possible = true;
    for (const Advice* advice : chosen)
    {
        if (const std::string why = obstacle(*function, *advice); !why.empty())
        {
            refuse({advice}, "function '" + facts.function + "'", function->getLocation(), why);
            possible = false;
        }
    }
    auto problem = problem_at(context_, function->getLocation());
    chosen = aspects_.ordered(std::move(chosen), problem, weaving_);
    if (!possible || chosen.empty())
    {
        return true;
    }
    Place place = place_of(facts.function, function->getLocation());
    place.result = result_of(*function);
    place.constant = function->isConstexpr();
    place.returns = !llvm::isa<clang::CXXConstructorDecl, clang::CXXDestructorDecl>(function);
    place.self = self_of(*function);
    place.arguments = arguments_of(*function);
    const auto* body = statements_of(*function);
    Frame frame = text_.around_body(chosen, place);
    edits_.enclose(offset(body->getLBracLoc()) + 1, std::move(frame.before) + " ", offset(body->getRBracLoc()),
                   std::move(frame.after));
    for (const Advice* advice : chosen)
    {
        note(*advice, "execution", facts, function->getLocation());
    }
    return true;
}

std::string Join_points::obstacle(const clang::FunctionDecl& function, const Advice& advice) const
{
    const bool around = advice.kind == Advice_kind::around;
    if (function.isConsteval())
    {
        return "it is consteval: it runs in the compiler only, where advice cannot run";
    }
    if (statements_of(function) == nullptr)
    {
        return "its body is a function-try-block";
    }
    if (advice.takes(Advice_parameter::self) && self_of(function).empty())
    {
        return "the advice wants 'self', and the function has no object";
    }
    if (advice.takes(Advice_parameter::arguments) &&
        std::ranges::any_of(function.parameters(), [](const auto* each) { return each->getName().empty(); }))
    {
        return "the advice wants 'arguments', and a parameter has no name";
    }
    if (function.isNoReturn() && advice.kind != Advice_kind::before)
    {
        return "it never returns";
    }
    if (!around)
    {
        return {};
    }
    if (function.isVariadic())
    {
        return "its variable arguments cannot be passed on by around-advice";
    }
    return obstacle_to_lambda(function);
}

bool Join_points::VisitCallExpr(clang::CallExpr* call)
{
    const auto* callee = calls_are_asked_for_ ? call->getDirectCallee() : nullptr;
    if (callee == nullptr || callee->isImplicit() || (within_ == nullptr && callee->getNameInfo().getName().isEmpty()))
    {
        return true;
    }
    const Facts facts = within_ != nullptr ? facts_of_call(*callee, *within_) : facts_of_call(*callee, *callee);
    auto chosen = matching(facts, true);
    if (chosen.empty())
    {
        return true;
    }
    bool possible = true;
    for (const Advice* advice : chosen)
    {
        if (const std::string why = obstacle(*call, *callee, *advice); !why.empty())
        {
            refuse({advice}, "call of '" + facts.function + "'", call->getBeginLoc(), why);
            possible = false;
        }
    }
    chosen = aspects_.ordered(std::move(chosen), problem_at(context_, call->getBeginLoc()), weaving_);
    if (!possible || chosen.empty())
    {
        return true;
    }
    Place place = place_of(facts.function, call->getBeginLoc());
    place.constant = within_->isConstexpr();
    Frame frame = text_.around_call(chosen, place);
    edits_.enclose(offset(call->getBeginLoc()), std::move(frame.before), end_offset(call->getEndLoc()),
                   std::move(frame.after));
    for (const Advice* advice : chosen)
    {
        note(*advice, "call", facts, call->getBeginLoc());
    }
    return true;
}

std::string Join_points::obstacle(const clang::CallExpr& call, const clang::FunctionDecl& callee,
                                  const Advice& advice) const
{
    if (callee.isConsteval() || in_constant_)
    {
        return "the compiler evaluates it, and advice cannot run there";
    }
    if (within_ == nullptr)
    {
        return "it stands outside of a function";
    }
    if (advice.takes(Advice_parameter::self) || advice.takes(Advice_parameter::arguments))
    {
        return "advice at a call has neither 'self' nor 'arguments': advise the execution instead";
    }
    if (llvm::isa<clang::CXXConversionDecl>(callee) || callee.getOverloadedOperator() == clang::OO_Arrow)
    {
        return "the call is not spelled out";
    }
    if (advice.kind == Advice_kind::before)
    {
        return {};
    }
    if (callee.isNoReturn())
    {
        return "it never returns";
    }
    return obstacle_to_lambda(call, callee);
}

bool Join_points::VisitCXXRecordDecl(clang::CXXRecordDecl* record)
{
    if (!record->isThisDeclarationADefinition() || record->isLambda())
    {
        return true;
    }
    const std::string name = full_name(*record);
    for (const Introduction& introduction : aspects_.introductions())
    {
        // A specialisation that the compiler made is not in the text.
        const auto* made = llvm::dyn_cast<clang::ClassTemplateSpecializationDecl>(record);
        if ((made == nullptr || made->isExplicitSpecialization()) && glob_matches(introduction.classes, name))
        {
            introduce(*record, introduction);
        }
    }
    return true;
}

void Join_points::introduce(const clang::CXXRecordDecl& record, const Introduction& introduction)
{
    const Aspect_advice& advice = weaving_.advice[introduction.index];
    const auto place = problem_at(context_, record.getLocation());
    if (record.isUnion())
    {
        Weaving_problem problem = place;
        problem.what =
            "'" + advice.aspect + "::" + advice.advice + "' cannot be introduced into '" + full_name(record) + "'";
        problem.why = "it is a union";
        problem.mend = "name classes only";
        weaving_.problems.push_back(std::move(problem));
        return;
    }
    const auto braces = record.getBraceRange();
    const auto end = problem_at(context_, braces.getEnd());
    std::string bases;
    if (!introduction.bases.empty())
    {
        bases = (record.getNumBases() == 0 ? " : " : ", ") + introduction.bases + " ";
    }
    std::string members = "\npublic:\n" + line_marker(introduction.line, introduction.file, 1) + introduction.members +
                          "\n" + line_marker(end.line, end.file, 2);
    edits_.enclose(offset(braces.getBegin()), std::move(bases), offset(braces.getEnd()), std::move(members));
    ++weaving_.advice[introduction.index].matches;
    weaving_.map.push_back(
        {advice.aspect, advice.advice, "introduce", "class", full_name(record), place.file, place.line});
}

void Join_points::refuse(const std::vector<const Advice*>& advice, const std::string& place,
                         clang::SourceLocation location, const std::string& why)
{
    for (const Advice* each : advice)
    {
        const Aspect_advice& entry = weaving_.advice[each->index];
        Weaving_problem problem = problem_at(context_, location);
        problem.what = place + " cannot have the advice '" + entry.aspect + "::" + entry.advice + "', which names it";
        problem.why = why;
        problem.mend = "leave it out with `&& !execution(...)`, `&& !call(...)` or `&& !within(...)` in " + entry.file +
                       ":" + std::to_string(entry.line);
        weaving_.problems.push_back(std::move(problem));
    }
}

void Join_points::note(const Advice& advice, const char* place, const Facts& facts, clang::SourceLocation location)
{
    static constexpr const char* names[] = {"before", "after", "around"};
    Aspect_advice& entry = weaving_.advice[advice.index];
    ++entry.matches;
    const auto where = problem_at(context_, location);
    weaving_.map.push_back({entry.aspect, entry.advice, names[static_cast<int>(advice.kind)], place, facts.function,
                            where.file, where.line});
}

std::size_t Join_points::offset(clang::SourceLocation place) const
{
    return context_.getSourceManager().getFileOffset(context_.getSourceManager().getFileLoc(place));
}

std::size_t Join_points::end_offset(clang::SourceLocation last_token) const
{
    return offset(last_token) +
           clang::Lexer::MeasureTokenLength(last_token, context_.getSourceManager(), context_.getLangOpts());
}

Place Join_points::place_of(const std::string& name, clang::SourceLocation location) const
{
    const auto where = problem_at(context_, location);
    Place place;
    place.function = name;
    place.file = llvm::sys::path::filename(where.file).str();
    place.line = where.line;
    return place;
}

} // namespace ovm::compiler
