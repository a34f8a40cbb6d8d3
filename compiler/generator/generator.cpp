#include "generator.hpp"

#include "reading.hpp"
#include "writing.hpp"

#include "clang/Format/Format.h"
#include "clang/Tooling/Core/Replacement.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace ovm::compiler
{
namespace
{

bool is_header(const std::string& source)
{
    return source.ends_with(".hpp");
}

template <typename Declared>
std::vector<Declared> those_of(const std::string& source, const std::vector<Declared>& all)
{
    std::vector<Declared> found;
    std::ranges::copy_if(all, std::back_inserter(found), [&](const Declared& each) { return each.at.file == source; });
    return found;
}

/// As the source is laid out, by the `.clang-format` above it.
std::string laid_out(const std::string& text, const std::string& source)
{
    auto style = clang::format::getStyle("file", source, "LLVM");
    if (!style)
    {
        llvm::consumeError(style.takeError());
        return text;
    }
    const auto changes =
        clang::format::reformat(*style, text, {clang::tooling::Range(0, static_cast<unsigned>(text.size()))});
    auto changed = clang::tooling::applyAllReplacements(text, changes);
    if (!changed)
    {
        llvm::consumeError(changed.takeError());
        return text;
    }
    return *changed;
}

/// Sources that were read together.
void generate_for(const Generating_request& request, const std::vector<std::string>& sources, Generating& generating)
{
    const Declarations all = read_declarations(request, sources, generating);
    if (!generating.good())
    {
        return;
    }
    for (const std::string& source : sources)
    {
        const Declarations its{.families = those_of(source, all.families),
                               .trace_maps = those_of(source, all.trace_maps),
                               .losses = those_of(source, all.losses)};
        if (its.families.empty() && its.trace_maps.empty() && its.losses.empty())
        {
            generating.problems.push_back(
                {.file = source,
                 .line = 1,
                 .what = "includes '" + generated_name(source) + "', but asks for nothing",
                 .why = "no class of it is marked OVM_FAMILY, or has OVM_TRACE_MAP or OVM_LOSSES",
                 .mend = "mark the class, or take the #include away"});
        }
        generating.files.push_back({source, laid_out(write_file(source, its), request.root + "/" + source)});
    }
}

} // namespace

Generating generate(const Generating_request& request)
{
    Generating generating;
    std::vector<std::string> headers;
    std::ranges::copy_if(request.sources, std::back_inserter(headers), is_header);
    if (!headers.empty())
    {
        generate_for(request, headers, generating);
    }
    for (const std::string& source : request.sources)
    {
        if (!is_header(source))
        {
            generate_for(request, {source}, generating);
        }
    }
    std::ranges::sort(generating.dependencies);
    const auto repeated = std::ranges::unique(generating.dependencies);
    generating.dependencies.erase(repeated.begin(), repeated.end());
    return generating;
}

std::string generated_name(const std::string& source)
{
    return source.substr(0, source.rfind('.')) + ".generated.hpp";
}

std::string to_text(const Generating_problem& problem)
{
    const std::string place = problem.file + (problem.line != 0 ? ":" + std::to_string(problem.line) : std::string());
    return place + ": error: " + problem.what + "\n" + place + ": note: " + problem.why + "; instead: " + problem.mend +
           "\n";
}

std::string to_json(const Generating& generating)
{
    llvm::json::Array problems;
    for (const Generating_problem& problem : generating.problems)
    {
        problems.push_back(llvm::json::Object{{"file", problem.file},
                                              {"line", problem.line},
                                              {"what", problem.what},
                                              {"why", problem.why},
                                              {"mend", problem.mend}});
    }
    std::string text;
    llvm::raw_string_ostream(text) << llvm::json::Value(llvm::json::Object{{"problems", std::move(problems)}}) << "\n";
    return text;
}

} // namespace ovm::compiler
