#include <algorithm>
#include <iostream>

#include "commands.hpp"

namespace ovm::compiler
{
namespace
{

/// By its folder's name among those that ship, or a file.
Done<Path> find_aspect(const Tools& tools, const std::string& aspect)
{
    for (Path const& path : {tools.aspects() / aspect / (aspect + ".hpp"), Path(aspect)})
    {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(path, ignored))
            return path;
    }
    return fail(Exit::usage, {.what = "there is no aspect '" + aspect + "'",
                              .why = "an aspect is a folder of aspects/, or a file",
                              .mend = "docs/reference/aspects.md says which there are"});
}

/// All that ship.
std::vector<std::string> shipped_aspects(const Tools& tools)
{
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(tools.aspects()))
    {
        if (entry.is_directory())
            names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

} // namespace

Done<> weave(const Tools& tools, const Weave_request& request, Output output)
{
    std::vector<std::string> command{tools.weaver.string()};
    for (auto const& aspect : request.aspects.empty() ? shipped_aspects(tools) : request.aspects)
    {
        OVM_GET(file, find_aspect(tools, aspect));
        command.insert(command.end(), {"--aspect", file.string()});
    }
    OVM_GET(scratch, Scratch_folder::make());
    auto const map = scratch.path() / (output.json ? "map.json" : "map.txt");
    auto const woven = request.file.value_or(request.source.stem().string() + ".woven.ii");
    // One source of a program: what its aspects advise may stand in another one.
    command.insert(command.end(), {"--part", "--map", map.string(), "-o", woven.string(), "--", tools.compiler});
    for (auto const& flag : language_flags(tools))
        command.push_back(flag);
    command.insert(command.end(), {"-mno-sse", "-fno-threadsafe-statics", request.source.string()});
    OVM_GET(done, run(command, "."));
    if (done.status != 0)
        return std::unexpected(Failure{Exit::refused, {}, done.errors});
    OVM_GET(text, read_file(map));
    output.out << text;
    if (!output.json)
        output.out << woven.string() << ": the woven source\n";
    return {};
}

} // namespace ovm::compiler
