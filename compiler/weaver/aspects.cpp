#include "aspects.hpp"

#include "facts.hpp"

#include "clang/AST/ASTContext.h"
#include "clang/AST/DeclTemplate.h"
#include "clang/AST/RecursiveASTVisitor.h"
#include "clang/Basic/SourceManager.h"
#include "clang/Lex/Lexer.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ovm::compiler
{
namespace
{

struct Kind_name
{
    llvm::StringRef annotation;
    Advice_kind kind;
};

constexpr Kind_name kinds[] = {
    {"ovm::before", Advice_kind::before}, {"ovm::after", Advice_kind::after}, {"ovm::around", Advice_kind::around}};

std::optional<Advice_parameter> parameter_named(llvm::StringRef name)
{
    if (name == "at")
    {
        return Advice_parameter::at;
    }
    if (name == "proceed")
    {
        return Advice_parameter::proceed;
    }
    if (name == "self")
    {
        return Advice_parameter::self;
    }
    if (name == "arguments")
    {
        return Advice_parameter::arguments;
    }
    return {};
}

} // namespace

bool Advice::takes(Advice_parameter parameter) const
{
    return std::ranges::find(parameters, parameter) != parameters.end();
}

std::vector<std::string> annotation(const clang::Decl& declaration, llvm::StringRef name)
{
    std::vector<std::string> strings;
    for (const auto* attribute : declaration.specific_attrs<clang::AnnotateAttr>())
    {
        if (attribute->getAnnotation() != name)
        {
            continue;
        }
        for (const clang::Expr* argument : attribute->args())
        {
            if (const auto* text =
                    llvm::dyn_cast<clang::StringLiteral>(argument->IgnoreParenImpCasts()->IgnoreImplicit()))
            {
                strings.push_back(text->getString().str());
            }
        }
        if (strings.empty())
        {
            strings.emplace_back();
        }
    }
    return strings;
}

Weaving_problem problem_at(const clang::ASTContext& context, clang::SourceLocation place)
{
    const auto presumed = context.getSourceManager().getPresumedLoc(place);
    if (presumed.isInvalid())
    {
        return {};
    }
    Weaving_problem problem;
    problem.file = presumed.getFilename();
    problem.line = presumed.getLine();
    problem.column = presumed.getColumn();
    return problem;
}

class Aspect_finder final : public clang::RecursiveASTVisitor<Aspect_finder>
{
public:
    Aspect_finder(Aspect_set& set, Weaving& weaving) : set_(set), weaving_(weaving) {}

    bool VisitCXXRecordDecl(clang::CXXRecordDecl* record)
    {
        if (record->isThisDeclarationADefinition() && !annotation(*record, "ovm::aspect").empty())
        {
            set_.read(*record, weaving_);
        }
        return true;
    }
    /// Aspects stand at namespaces' level: bodies need no look.
    bool TraverseFunctionDecl(clang::FunctionDecl*) { return true; }
    bool TraverseCXXMethodDecl(clang::CXXMethodDecl*) { return true; }
    bool TraverseVarDecl(clang::VarDecl*) { return true; }

private:
    Aspect_set& set_;
    Weaving& weaving_;
};

Aspect_set::Aspect_set(clang::ASTContext& context, Weaving& weaving) : context_(context)
{
    Aspect_finder(*this, weaving).TraverseDecl(context.getTranslationUnitDecl());
    close_order(weaving);
}

void Aspect_set::read(const clang::CXXRecordDecl& aspect, Weaving& weaving)
{
    const std::size_t index = names_.size();
    names_.push_back(aspect.getNameAsString());
    places_.push_back(problem_at(context_, aspect.getLocation()));
    followers_.push_back(annotation(aspect, "ovm::precedes"));
    for (const clang::Decl* member : aspect.decls())
    {
        if (const auto* pattern = llvm::dyn_cast<clang::FunctionTemplateDecl>(member))
        {
            read_advice(*pattern->getTemplatedDecl(), index, weaving);
        }
        else if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(member))
        {
            read_advice(*function, index, weaving);
        }
        else if (const auto* record = llvm::dyn_cast<clang::CXXRecordDecl>(member))
        {
            read_introduction(*record, index, weaving);
        }
    }
}

void Aspect_set::read_advice(const clang::FunctionDecl& function, std::size_t aspect, Weaving& weaving)
{
    for (const auto& [mark, kind] : kinds)
    {
        for (const std::string& text : annotation(function, mark))
        {
            Weaving_problem problem = problem_at(context_, function.getLocation());
            const std::string name = "advice '" + names_[aspect] + "::" + function.getNameAsString() + "'";
            const auto complain = [&](std::string what, std::string why, std::string mend)
            {
                problem.what = name + " " + std::move(what);
                problem.why = std::move(why);
                problem.mend = std::move(mend);
                weaving.problems.push_back(problem);
            };
            weaving.advice.push_back({names_[aspect], function.getNameAsString(), problem.file, problem.line, text});
            Pointcut_error error;
            auto pointcut = Pointcut::parse(text, error);
            if (!pointcut)
            {
                complain("has a bad pointcut: " + error.what,
                         "in \"" + text.substr(0, error.offset) + "<here>" + text.substr(error.offset) + "\"",
                         error.mend);
                continue;
            }
            const auto* method = llvm::dyn_cast<clang::CXXMethodDecl>(&function);
            if (method == nullptr || !method->isStatic())
            {
                complain("is not static", "there is no object of an aspect", "write `static`");
                continue;
            }
            std::vector<Advice_parameter> parameters;
            bool known = true;
            for (const auto* parameter : function.parameters())
            {
                const auto meaning = parameter_named(parameter->getName());
                if (!meaning || (*meaning == Advice_parameter::proceed && kind != Advice_kind::around))
                {
                    complain("has a parameter '" + parameter->getNameAsString() + "' that means nothing here",
                             "a parameter is given what its name says",
                             "name it at, self, or a pack arguments; proceed with around-advice");
                    known = false;
                    break;
                }
                parameters.push_back(*meaning);
            }
            if (!known)
            {
                continue;
            }
            advice_.push_back({weaving.advice.size() - 1, aspect, kind, std::move(*pointcut),
                               "::" + function.getQualifiedNameAsString(), std::move(parameters)});
            if (kind == Advice_kind::around && !advice_.back().takes(Advice_parameter::proceed))
            {
                complain("is around-advice without a parameter 'proceed'", "what it replaces could never run",
                         "take `auto&& proceed`; to leave it out on purpose, do not call it");
            }
        }
    }
}

void Aspect_set::read_introduction(const clang::CXXRecordDecl& record, std::size_t aspect, Weaving& weaving)
{
    if (!record.isThisDeclarationADefinition())
    {
        return;
    }
    for (const std::string& classes : annotation(record, "ovm::introduce"))
    {
        const auto& sources = context_.getSourceManager();
        const auto braces = record.getBraceRange();
        const auto first = braces.getBegin().getLocWithOffset(1);
        const Weaving_problem place = problem_at(context_, record.getLocation());
        weaving.advice.push_back({names_[aspect], record.getNameAsString(), place.file, place.line, classes});
        Introduction introduction{weaving.advice.size() - 1,       classes, {}, {}, place.file,
                                  problem_at(context_, first).line};
        introduction.members = clang::Lexer::getSourceText(clang::CharSourceRange::getCharRange(first, braces.getEnd()),
                                                           sources, context_.getLangOpts())
                                   .str();
        for (const auto& base : record.bases())
        {
            introduction.bases +=
                (introduction.bases.empty() ? "public ::" : ", public ::") + full_name(base.getType());
        }
        introductions_.push_back(std::move(introduction));
    }
}

void Aspect_set::close_order(Weaving& weaving)
{
    const std::size_t count = names_.size();
    precedes_.assign(count, std::vector<bool>(count, false));
    for (std::size_t i = 0; i < count; ++i)
    {
        for (const std::string& follower : followers_[i])
        {
            // One that is not woven this time cannot come too early.
            const auto found = std::ranges::find(names_, follower);
            if (found != names_.end())
            {
                precedes_[i][static_cast<std::size_t>(found - names_.begin())] = true;
            }
        }
    }
    for (std::size_t via = 0; via < count; ++via)
    {
        for (std::size_t i = 0; i < count; ++i)
        {
            for (std::size_t j = 0; j < count; ++j)
            {
                precedes_[i][j] = precedes_[i][j] || (precedes_[i][via] && precedes_[via][j]);
            }
        }
    }
    for (std::size_t i = 0; i < count; ++i)
    {
        if (precedes_[i][i])
        {
            Weaving_problem problem = places_[i];
            problem.what = "aspect '" + names_[i] + "' precedes itself";
            problem.why = "the declared orders of aspects form a circle";
            problem.mend = "take one of the OVM_PRECEDES away";
            weaving.problems.push_back(problem);
            return;
        }
    }
}

std::vector<const Advice*> Aspect_set::ordered(std::vector<const Advice*> chosen, const Weaving_problem& place,
                                               Weaving& weaving) const
{
    for (const Advice* one : chosen)
    {
        for (const Advice* other : chosen)
        {
            if (one->aspect < other->aspect && !precedes_[one->aspect][other->aspect] &&
                !precedes_[other->aspect][one->aspect])
            {
                Weaving_problem problem = place;
                problem.what = "aspects '" + names_[one->aspect] + "' and '" + names_[other->aspect] +
                               "' both advise this place, and neither precedes the other";
                problem.why = "which of them encloses the other would be an accident";
                problem.mend = "mark one of them with OVM_PRECEDES(\"the other\")";
                weaving.problems.push_back(std::move(problem));
                return {};
            }
        }
    }
    // Within an aspect, the order of its text; a total order, as no pair of aspects is left without one.
    std::ranges::sort(
        chosen, [&](const Advice* one, const Advice* other)
        { return one->aspect == other->aspect ? one->index < other->index : precedes_[one->aspect][other->aspect]; });
    return chosen;
}

} // namespace ovm::compiler
