// ovm-generate: the generator as a program.
#include "generator.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace ovm::compiler
{
namespace
{

constexpr const char* help = R"(Writes what declarations ask for.

  ovm-generate --root FOLDER --output FOLDER [--dependencies FILE] [--json] SOURCE... -- COMPILER FLAGS...
      reads the sources, each named from the root, and writes what each includes as NAME.generated.hpp below
      the output folder; a file that would stay as it is, is not touched

  --dependencies FILE  writes a rule of make: what was read
  --json               problems as JSON

Exit status: 0 written; 1 something is wrong with the sources, and nothing was written; 2 the command line is.
)";

struct Options
{
    Generating_request request;
    std::string output;
    std::string dependencies;
    bool json = false;
};

int complain(const std::string& what)
{
    std::cerr << "ovm-generate: " << what << "; `ovm-generate --help` tells more\n";
    return 2;
}

bool parse(const std::vector<std::string>& arguments, Options& options)
{
    for (std::size_t i = 0; i < arguments.size(); ++i)
    {
        const std::string& argument = arguments[i];
        std::string* const value = argument == "--root"           ? &options.request.root
                                   : argument == "--output"       ? &options.output
                                   : argument == "--dependencies" ? &options.dependencies
                                                                  : nullptr;
        if (argument == "--")
        {
            options.request.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            break;
        }
        if (value != nullptr && i + 1 < arguments.size())
        {
            *value = arguments[++i];
        }
        else if (argument == "--json")
        {
            options.json = true;
        }
        else if (!argument.starts_with("-"))
        {
            options.request.sources.push_back(argument);
        }
        else
        {
            return false;
        }
    }
    return !options.request.root.empty() && !options.output.empty() && !options.request.command.empty();
}

/// Users of a file are not compiled again for what did not change.
bool write(const std::filesystem::path& path, const std::string& text)
{
    std::ifstream before(path);
    if (before && std::string(std::istreambuf_iterator<char>(before), {}) == text)
    {
        return true;
    }
    std::error_code failure;
    std::filesystem::create_directories(path.parent_path(), failure);
    std::ofstream file(path);
    file << text;
    return static_cast<bool>(file.flush());
}

std::string rule(const Options& options, const Generating& generating)
{
    std::string text;
    for (const Generated_file& file : generating.files)
    {
        text += (text.empty() ? "" : " ") + options.output + "/" + generated_name(file.source);
    }
    text += ":";
    for (const std::string& file : generating.dependencies)
    {
        text += " \\\n  " + file;
    }
    return text + "\n";
}

int run(const Options& options)
{
    const Generating generating = generate(options.request);
    if (options.json && !generating.good())
    {
        std::cerr << to_json(generating);
    }
    for (const Generating_problem& problem : generating.problems)
    {
        std::cerr << (options.json ? std::string() : to_text(problem));
    }
    if (!generating.good())
    {
        return 1;
    }
    for (const Generated_file& file : generating.files)
    {
        if (!write(std::filesystem::path(options.output) / generated_name(file.source), file.text))
        {
            return complain("cannot write below '" + options.output + "'");
        }
    }
    if (!options.dependencies.empty() && !write(options.dependencies, rule(options, generating)))
    {
        return complain("cannot write '" + options.dependencies + "'");
    }
    return 0;
}

} // namespace
} // namespace ovm::compiler

int main(int count, char** words)
{
    const std::vector<std::string> arguments(words + 1, words + count);
    if (!arguments.empty() && arguments.front() == "--help")
    {
        std::cout << ovm::compiler::help;
        return 0;
    }
    ovm::compiler::Options options;
    if (!ovm::compiler::parse(arguments, options))
    {
        return ovm::compiler::complain("it needs a root, an output folder, sources and a compiler's command");
    }
    return ovm::compiler::run(options);
}
