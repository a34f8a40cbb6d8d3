// ovm-weave: the weaver as a program.
#include "compile_command.hpp"
#include "weaver.hpp"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

namespace ovm::compiler
{
namespace
{

constexpr const char* help = R"(Weaves aspects into a source file.

  ovm-weave --aspect FILE... [--part] [--map FILE] [--json] [-o OUTPUT] -- COMPILER FLAGS... SOURCE
      writes the woven, preprocessed source (standard output without -o)
  ovm-weave --aspect FILE... --compile [--launcher PROGRAM] -- COMPILER FLAGS... -c SOURCE -o OBJECT
      weaves and compiles, as a compiler launcher does; the map is written to OBJECT.weave
  ovm-weave --merge [--map FILE] [--json] OBJECT.weave|FOLDER...
      the map of a program, from those of its sources; what matched in none of its sources is an error

  --part      SOURCE is one of several: advice may match nothing in it (implied by --compile)
  --map FILE  writes the join-point map, as JSON if FILE ends in .json, else as text
  --json      problems as JSON

Exit status: 0 woven; 1 something is wrong with aspects or source; 2 the command line is; with --compile the
compiler's status.
)";

struct Options
{
    std::vector<std::string> aspects;
    std::string map;
    std::string output;
    std::string launcher;
    bool part = false;
    bool compile = false;
    bool merge = false;
    bool json = false;
    std::vector<std::string> command;
    std::vector<std::string> files;
};

int complain(const std::string& what)
{
    std::cerr << "ovm-weave: " << what << "; `ovm-weave --help` tells more\n";
    return 2;
}

bool write(const std::string& path, const std::string& text)
{
    std::ofstream file(path);
    file << text;
    return static_cast<bool>(file.flush());
}

/// What everything ends with: the map and the problems.
int report(const Options& options, const Weaving& weaving)
{
    if (!options.map.empty() &&
        !write(options.map, options.map.ends_with(".json") ? to_json(weaving) : to_text(weaving)))
    {
        return complain("cannot write '" + options.map + "'");
    }
    if (options.json && !weaving.good())
    {
        std::cerr << to_json(weaving);
    }
    for (const Weaving_problem& problem : weaving.problems)
    {
        std::cerr << (options.json ? std::string() : to_text(problem));
    }
    return weaving.good() ? 0 : 1;
}

int run(const std::vector<std::string>& command)
{
    const auto program = llvm::sys::findProgramByName(command.front());
    if (!program)
    {
        return complain("there is no '" + command.front() + "'");
    }
    const std::vector<llvm::StringRef> arguments(command.begin(), command.end());
    const int status = llvm::sys::ExecuteAndWait(*program, arguments);
    return status < 0 ? 1 : status;
}

std::vector<std::string> without_plugins(const std::vector<std::string>& flags)
{
    std::vector<std::string> left;
    for (const std::string& flag : flags)
    {
        if (!flag.starts_with("-fplugin"))
        {
            left.push_back(flag);
        }
    }
    return left;
}

int compile(const Options& options, const Compile_command& parts)
{
    const std::string map = parts.object + ".weave";
    Weaving_request request{options.aspects, parts.source, without_plugins(parts.flags), false};
    request.command.insert(request.command.end(), parts.dependencies.begin(), parts.dependencies.end());
    std::vector<std::string> command;
    if (!options.launcher.empty())
    {
        command.push_back(options.launcher);
    }
    const Weaving weaving = weave(request);
    if (!weaving.good())
    {
        return report(options, weaving);
    }
    if (weaving.untouched)
    {
        (void)llvm::sys::fs::remove(map);
        command.insert(command.end(), options.command.begin(), options.command.end());
        return run(command);
    }
    const std::string woven = parts.object + ".woven.ii";
    if (!write(woven, weaving.text) || !write(map, to_json(weaving)))
    {
        return complain("cannot write '" + woven + "'");
    }
    command.insert(command.end(), parts.flags.begin(), parts.flags.end());
    // Headers and macros are in the text: the flags that speak of them are left without use.
    command.insert(command.end(), {"-Wno-unused-command-line-argument", "-c", woven, "-o", parts.object});
    return run(command);
}

/// Folders stand for all maps below them.
std::vector<std::string> files_of(const std::vector<std::string>& names)
{
    std::vector<std::string> files;
    for (const std::string& name : names)
    {
        if (!std::filesystem::is_directory(name))
        {
            files.push_back(name);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(name))
        {
            if (entry.path().extension() == ".weave")
            {
                files.push_back(entry.path());
            }
        }
    }
    return files;
}

int merge_maps(const Options& options)
{
    std::vector<Weaving> parts;
    for (const std::string& file : files_of(options.files))
    {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        if (!from_json(text.str(), parts.emplace_back()))
        {
            return complain("'" + file + "' is no map");
        }
    }
    if (parts.empty())
    {
        return complain("no source was woven: there is no map to merge");
    }
    return report(options, merge(parts));
}

int weave_one(const Options& options)
{
    Compile_command parts;
    if (options.aspects.empty() || !take_apart(options.command, parts))
    {
        return complain("aspects, and a compiler's command with one source behind `--`, are needed");
    }
    if (options.compile)
    {
        return parts.object.empty() ? complain("--compile needs `-o OBJECT`") : compile(options, parts);
    }
    const Weaving weaving = weave({options.aspects, parts.source, parts.flags, !options.part});
    if (const int status = report(options, weaving); status != 0)
    {
        return status;
    }
    if (options.output.empty())
    {
        std::cout << weaving.text;
        return 0;
    }
    return write(options.output, weaving.text) ? 0 : complain("cannot write '" + options.output + "'");
}

int start(const std::vector<std::string>& arguments)
{
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i)
    {
        const std::string& argument = arguments[i];
        std::string* value = argument == "--map"        ? &options.map
                             : argument == "-o"         ? &options.output
                             : argument == "--launcher" ? &options.launcher
                             : argument == "--aspect"   ? &options.aspects.emplace_back()
                                                        : nullptr;
        bool* flag = argument == "--part"      ? &options.part
                     : argument == "--compile" ? &options.compile
                     : argument == "--merge"   ? &options.merge
                     : argument == "--json"    ? &options.json
                                               : nullptr;
        if (value != nullptr && ++i < arguments.size())
        {
            *value = arguments[i];
        }
        else if (flag != nullptr)
        {
            *flag = true;
        }
        else if (argument == "--help")
        {
            std::cout << help;
            return 0;
        }
        else if (argument == "--")
        {
            options.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            break;
        }
        else if (value != nullptr || argument.starts_with('-'))
        {
            return complain("'" + argument + "' is not an option, or lacks its value");
        }
        else
        {
            options.files.push_back(argument);
        }
    }
    return options.merge ? merge_maps(options) : weave_one(options);
}

} // namespace
} // namespace ovm::compiler

int main(int count, char** arguments)
{
    return ovm::compiler::start({arguments + 1, arguments + count});
}
