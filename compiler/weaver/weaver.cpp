#include "weaver.hpp"

#include "aspects.hpp"
#include "join_points.hpp"
#include "preprocess.hpp"

#include "clang/Basic/DiagnosticOptions.h"
#include "clang/Frontend/ASTUnit.h"
#include "clang/Frontend/TextDiagnosticPrinter.h"
#include "clang/Tooling/Tooling.h"

#include <algorithm>
#include <memory>

namespace ovm::compiler
{
namespace
{

/// Keeps the first error of a parse, as a problem.
class First_error final : public clang::DiagnosticConsumer
{
public:
    void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) override
    {
        DiagnosticConsumer::HandleDiagnostic(level, diagnostic);
        if (level < clang::DiagnosticsEngine::Error || !problem_.what.empty())
        {
            return;
        }
        llvm::SmallString<128> words;
        diagnostic.FormatDiagnostic(words);
        problem_.what = words.str().str();
        problem_.why = "the weaver reads what the compiler reads, and this does not compile";
        problem_.mend = "mend it first";
        if (diagnostic.hasSourceManager() && diagnostic.getLocation().isValid())
        {
            const auto place = diagnostic.getSourceManager().getPresumedLoc(diagnostic.getLocation());
            problem_.file = place.getFilename();
            problem_.line = place.getLine();
            problem_.column = place.getColumn();
        }
    }

    [[nodiscard]] const Weaving_problem& problem() const { return problem_; }

private:
    Weaving_problem problem_;
};

/// Flags that matter to the tree and not to code: the rest only costs time, or wants files that a parse has no use for.
std::vector<std::string> parse_flags(const std::vector<std::string>& command)
{
    std::vector<std::string> flags{"-w", "-ferror-limit=1", "-Wno-everything"};
    for (std::size_t i = 1; i < command.size(); ++i)
    {
        const std::string& flag = command[i];
        if (flag.starts_with("-std=") || flag.starts_with("-m") || flag.starts_with("--target=") ||
            (flag.starts_with("-fno-") && !flag.starts_with("-fno-sanitize")) || flag == "-ffreestanding")
        {
            flags.push_back(flag);
        }
    }
    return flags;
}

void complain_of_unmatched(Weaving& weaving)
{
    for (const Aspect_advice& advice : weaving.advice)
    {
        if (advice.matches == 0)
        {
            weaving.problems.push_back({.file = advice.file,
                                        .line = advice.line,
                                        .what = "advice '" + advice.aspect + "::" + advice.advice + "' matches nothing",
                                        .why = "no place of the program is of \"" + advice.pointcut + "\"",
                                        .mend =
                                            "correct the pointcut (full names, `*` within a name, `**` across scopes), "
                                            "or take the advice away"});
        }
    }
}

} // namespace

Weaving weave(const Weaving_request& request)
{
    Weaving weaving;
    if (!request.whole && !can_match(request))
    {
        weaving.untouched = true;
        return weaving;
    }
    std::string text;
    if (!preprocess(request, text, weaving))
    {
        return weaving;
    }
    First_error errors;
    const auto unit = clang::tooling::buildASTFromCodeWithArgs(
        text, parse_flags(request.command), "woven.ii", "ovm-weave", std::make_shared<clang::PCHContainerOperations>(),
        clang::tooling::getClangStripDependencyFileAdjuster(), {}, &errors);
    if (unit == nullptr || !errors.problem().what.empty())
    {
        weaving.problems.push_back(errors.problem());
        return weaving;
    }
    const Aspect_set aspects(unit->getASTContext(), weaving);
    if (!weaving.good())
    {
        return weaving;
    }
    Join_points join_points(unit->getASTContext(), aspects, weaving);
    join_points.weave();
    if (request.whole)
    {
        complain_of_unmatched(weaving);
    }
    weaving.untouched = join_points.edits().empty();
    if (weaving.good())
    {
        weaving.text = join_points.edits().applied_to(text);
    }
    return weaving;
}

Weaving merge(const std::vector<Weaving>& parts)
{
    Weaving whole;
    for (const Weaving& part : parts)
    {
        for (const Aspect_advice& advice : part.advice)
        {
            const auto same = std::ranges::find_if(
                whole.advice, [&](const Aspect_advice& each)
                { return each.file == advice.file && each.line == advice.line && each.pointcut == advice.pointcut; });
            if (same == whole.advice.end())
            {
                whole.advice.push_back(advice);
            }
            else
            {
                same->matches += advice.matches;
            }
        }
        whole.map.insert(whole.map.end(), part.map.begin(), part.map.end());
        whole.problems.insert(whole.problems.end(), part.problems.begin(), part.problems.end());
    }
    const auto key = [](const Woven_join_point& each)
    { return std::tie(each.file, each.line, each.name, each.aspect, each.advice, each.kind, each.place); };
    std::ranges::sort(whole.map, {}, key);
    const auto repeated = std::ranges::unique(whole.map, {}, key);
    whole.map.erase(repeated.begin(), repeated.end());
    complain_of_unmatched(whole);
    return whole;
}

} // namespace ovm::compiler
