#include "interfaces.hpp"

#include <sstream>

#include "compiler/signer/signer.hpp"
#include "known_files.hpp"

namespace ovm::compiler
{
namespace
{

/// The files of a rule of make: `target: file file \`.
std::set<Path> files_of_rule(const std::string& rule)
{
    std::set<Path> files;
    std::istringstream words(rule.substr(std::min(rule.find(':') + 1, rule.size())));
    for (std::string word; words >> word;)
    {
        if (word != "\\")
            files.insert(Path(word).lexically_normal());
    }
    return files;
}

Done<Interface> read(const Family& family, std::vector<std::string> command)
{
    OVM_GET(scratch, Scratch_folder::make());
    auto const rule = scratch.path() / "rule";
    command.insert(command.end(), {"-MD", "-MF", rule.string()});
    OVM_GET(answer, run(command, "."));
    if (answer.status != 0)
        return std::unexpected(Failure{Exit::failed,
                                       {{.file = family.header,
                                         .what = "the interface cannot be read",
                                         .why = "every module says what it was compiled against",
                                         .mend = "mend the tree that this ovmc belongs to"}},
                                       answer.errors});
    OVM_GET(rule_text, read_file(rule));
    return Interface{family, signer::sha256(answer.output), files_of_rule(rule_text)};
}

/// Relative paths are those of the folder that ovmc runs in.
std::string name_of(const std::vector<std::string>& command)
{
    std::error_code ignored;
    auto name = std::filesystem::current_path(ignored).string();
    for (auto const& word : command)
        name += '\n' + word;
    return name;
}

} // namespace

Done<std::vector<Interface>> read_interfaces(const Tools& tools)
{
    Known_files known;
    std::vector<Interface> interfaces;
    for (auto const& family : families())
    {
        std::vector<std::string> command{tools.compiler};
        auto const flags = language_flags(tools);
        command.insert(command.end(), flags.begin(), flags.end());
        command.insert(command.end(), {"-E", "-P", "-x", "c++", (tools.headers() / family.header).string()});
        auto const before = known.recall(name_of(command));
        auto const hash = before ? signer::from_digits(before->value) : std::nullopt;
        if (hash)
        {
            interfaces.push_back({family, *hash, before->files});
            continue;
        }
        OVM_GET(interface, read(family, command));
        known.keep(name_of(command), {signer::to_digits(interface.hash), interface.files});
        interfaces.push_back(std::move(interface));
    }
    return interfaces;
}

} // namespace ovm::compiler
